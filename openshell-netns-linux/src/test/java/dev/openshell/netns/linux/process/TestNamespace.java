package dev.openshell.netns.linux.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Landlock;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A network namespace with nothing in it, held by a descriptor. */
final class TestNamespace implements AutoCloseable {
    static final Landlock NO_LANDLOCK = Landlock.of(Landlock.State.NOT_IMPLEMENTED, 0);
    private static final long GUARD_SECONDS = 60;

    private final int descriptor;

    TestNamespace() throws Exception {
        descriptor = NamespaceThread.call(-1, () -> {
            Libc.unshare(Libc.CLONE_NEWNET);
            return Libc.open("/proc/thread-self/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        });
    }

    int descriptor() {
        return descriptor;
    }

    long inode() throws IOException {
        return inode(Path.of("/proc/self/fd/" + descriptor));
    }

    ProcessStarter starter() {
        return new ProcessStarter(descriptor, LandlockProbe.probe(), Optional.empty());
    }

    ProcessStarter starterWithoutLandlock() {
        return new ProcessStarter(descriptor, NO_LANDLOCK, Optional.empty());
    }

    @Override
    public void close() {
        Libc.close(descriptor);
    }

    static long inode(Path link) throws IOException {
        return Long.parseLong(Files.readSymbolicLink(link).toString().replaceAll("[^0-9]", ""));
    }

    /** What a finished process left: its exit status, and both of its outputs together. */
    record Result(int status, String output) {}

    static Result run(ProcessStarter starter, String... command) throws Exception {
        return finish(starter.start(new ProcessBuilder(command).redirectErrorStream(true)));
    }

    static Result runOutside(String... command) throws Exception {
        return finish(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    static Result finish(Process process) throws Exception {
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(GUARD_SECONDS, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), output);
    }

    /** Returns as soon as {@code condition} holds, and fails if it never does. */
    static void await(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - start).as(what).isLessThan(TimeUnit.SECONDS.toNanos(GUARD_SECONDS));
            Thread.onSpinWait();
        }
    }

    /** Returns what the JVM's descriptors refer to, without the one that looks. */
    static List<String> descriptors() {
        try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
            return list.map(TestNamespace::target)
                    .filter(target -> !target.startsWith("/proc/"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns the network namespaces of all of the JVM's threads: one, unless a thread is astray. */
    static TreeSet<String> threadNamespaces() throws IOException {
        TreeSet<String> namespaces = new TreeSet<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : tasks.toList()) {
                try {
                    namespaces.add(Files.readSymbolicLink(task.resolve("ns/net")) + " "
                            + Files.readSymbolicLink(task.resolve("ns/mnt")));
                } catch (NoSuchFileException e) {
                    assertThat(Files.exists(task.resolve("ns")))
                            .as("a thread that has ended")
                            .isFalse();
                }
            }
        }
        return namespaces;
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "/proc/closed-meanwhile";
        }
    }
}
