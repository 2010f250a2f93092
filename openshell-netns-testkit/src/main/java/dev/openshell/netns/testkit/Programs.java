package dev.openshell.netns.testkit;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.testkit.net.Netns;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The programs of a {@link FakeKernel}'s machine, which {@link NetnsSandbox#start} finds by the first word of the
 * command. A real process is never started.
 *
 * <pre>{@code
 * kernel.programs().add("node", context -> {
 *     context.stdout().println(context.send(Packet.tcp(inside, 40000, "203.0.113.10", 443)).verdict());
 *     return 0;
 * });
 * }</pre>
 *
 * @since 0.1
 */
public final class Programs {
    private static final long FIRST_PID = 1000;

    private final Userland userland;
    private final Map<String, FakeProgram> byName = new ConcurrentHashMap<>();
    /** Guarded by the machine's monitor, as is what follows. */
    private final Set<FakeProcess> processes = new LinkedHashSet<>();

    private long nextPid = FIRST_PID;

    Programs(Userland userland) {
        this.userland = userland;
    }

    /** Adds a program, in place of one of the same name. */
    public void add(String name, FakeProgram program) {
        byName.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(program, "program"));
    }

    /** Starts what {@code builder} says, or fails as ProcessBuilder does. */
    Process start(FakeKernel kernel, Netns netns, String resolvConf, ProcessBuilder builder) throws IOException {
        List<String> command = List.copyOf(builder.command());
        String name = command.get(0);
        for (String word : command) {
            if (word.indexOf('\0') >= 0) {
                throw new IOException("invalid null character in command");
            }
        }
        File directory = builder.directory();
        try {
            Stdio stdio = Stdio.open(builder);
            FakeProgram program = byName.get(name);
            if (program == null || (directory != null && !directory.isDirectory())) {
                stdio.exited();
                throw new IOException("error=2, No such file or directory");
            }
            FakeProcess.Image image = new FakeProcess.Image(
                    command,
                    Map.copyOf(builder.environment()),
                    Path.of(directory == null ? "" : directory.getPath()).toAbsolutePath(),
                    resolvConf);
            return start(kernel, netns, image, program, stdio);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(
                    "Cannot run program \"" + name + "\""
                            + (directory == null ? "" : " (in directory \"" + directory + "\")")
                            + ": " + e.getMessage(),
                    e);
        }
    }

    private FakeProcess start(
            FakeKernel kernel, Netns netns, FakeProcess.Image image, FakeProgram program, Stdio stdio) {
        synchronized (userland.machine) {
            FakeProcess process = new FakeProcess(userland, kernel, netns, nextPid++, image, stdio);
            processes.add(process);
            userland.machine.hold(netns);
            process.begin(program);
            return process;
        }
    }

    /** Takes {@code process} for ended, and returns false where it was before. */
    boolean remove(FakeProcess process, Netns netns) {
        synchronized (userland.machine) {
            boolean alive = processes.remove(process);
            if (alive) {
                userland.sockets.closeAll(process);
                userland.machine.release(netns);
            }
            return alive;
        }
    }

    /** Ends all processes in {@code netns}: SIGTERM, after {@code grace} SIGKILL. */
    void end(Netns netns, Duration grace) {
        Collection<FakeProcess> ending = in(netns);
        boolean interrupted = false;
        if (!grace.isZero()) {
            ending.forEach(FakeProcess::terminate);
            long deadline = System.nanoTime() + grace.toNanos();
            for (FakeProcess process : ending) {
                interrupted |= process.await(deadline);
            }
        }
        in(netns).forEach(FakeProcess::kill);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the namespace of the process {@code pid}, empty where there is none. */
    Optional<Netns> netns(long pid) {
        return processes.stream()
                .filter(process -> process.pid() == pid)
                .map(FakeProcess::netns)
                .findFirst();
    }

    /** Returns a process in the namespace of {@code inode}, empty where there is none. */
    Optional<Long> member(long inode) {
        return processes.stream()
                .filter(process -> process.netns().inode() == inode)
                .map(FakeProcess::pid)
                .findFirst();
    }

    /** Kills whatever runs. */
    void killAll() {
        List<FakeProcess> all;
        synchronized (userland.machine) {
            all = List.copyOf(processes);
        }
        all.forEach(FakeProcess::kill);
    }

    List<String> alive(Netns netns) {
        List<String> names = new ArrayList<>();
        for (FakeProcess process : in(netns)) {
            names.add("process " + process.pid() + " ("
                    + process.image().command().get(0) + ")");
        }
        return names;
    }

    private List<FakeProcess> in(Netns netns) {
        synchronized (userland.machine) {
            return processes.stream()
                    .filter(process -> process.netns() == netns)
                    .toList();
        }
    }
}
