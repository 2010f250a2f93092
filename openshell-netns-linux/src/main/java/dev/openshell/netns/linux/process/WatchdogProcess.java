package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A shell that runs {@code watchdog.sh}, and the pipe that it reads. It has no other descriptor but /dev/null, hardly
 * an environment, and is in the JVM's own network namespace whoever starts it.
 */
final class WatchdogProcess implements AutoCloseable {
    private static final String SCRIPT = "watchdog.sh";
    private static final String REMEDY =
            "without a watchdog nothing is started that would outlive the JVM; or make the sandbox detached";
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofNanos(200_000);
    private static final int EPIPE = 32;
    private static final int SIGINFO = 128;

    private final int pid;
    private final int pipe;

    private WatchdogProcess(int pid, int pipe) {
        this.pid = pid;
        this.pipe = pipe;
    }

    /**
     * Starts it: {@code shell} is a shell's path and what comes before {@code -c}.
     *
     * @throws NetnsException if that fails
     */
    static WatchdogProcess start(String... shell) {
        int[] ends = {-1, -1};
        boolean done = false;
        try {
            Libc.pipe2(ends, Libc.O_CLOEXEC);
            // not a standard stream's number, which a process with an inherited stream would get
            int pipe = Libc.fcntl(ends[1], Libc.F_DUPFD_CLOEXEC, 3);
            Libc.close(ends[1]);
            ends[1] = pipe;
            Libc.fcntl(pipe, Libc.F_SETFL, Libc.O_NONBLOCK);
            WatchdogProcess process = new WatchdogProcess(spawn(command(ends[0], shell)), pipe);
            done = true;
            return process;
        } catch (LastErrorException e) {
            throw failure("start", e.getErrorCode(), Libc.strerror(e.getErrorCode()), e);
        } catch (IOException e) {
            throw failure("start", 0, e.toString(), e);
        } finally {
            if (ends[0] >= 0) {
                Libc.close(ends[0]);
            }
            if (!done && ends[1] >= 0) {
                Libc.close(ends[1]);
            }
        }
    }

    int pid() {
        return pid;
    }

    /**
     * Writes a line, and returns false if the process is dead.
     *
     * @throws NetnsException if the pipe stays full
     */
    boolean write(String line) {
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.US_ASCII);
        long start = System.nanoTime();
        while (true) {
            try {
                // wholly or not at all: a line is shorter than PIPE_BUF (pipe(7))
                Libc.write(pipe, bytes, new NativeLong(bytes.length));
                return true;
            } catch (LastErrorException e) {
                if (e.getErrorCode() == EPIPE) {
                    return false;
                }
                if (e.getErrorCode() != Errno.EAGAIN && e.getErrorCode() != Errno.EINTR) {
                    throw failure("write to", e.getErrorCode(), Libc.strerror(e.getErrorCode()), e);
                }
            }
            pause(start);
        }
    }

    /** Writes a line as {@link #write} does, and throws also if the process is dead. */
    void tell(String line) {
        if (!write(line)) {
            throw failure("write to", EPIPE, "it has ended", null);
        }
    }

    /**
     * Returns when it has read all that was written: then it is up, and ignores signals.
     *
     * @throws NetnsException if it does not
     */
    void awaitRead() {
        int[] unread = {1};
        long start = System.nanoTime();
        while (unread[0] > 0) {
            Libc.ioctl(pipe, new NativeLong(Libc.FIONREAD), unread);
            if (unread[0] > 0) {
                // fails once nobody reads
                tell("");
                pause(start);
            }
        }
    }

    /** Closes the pipe of a process that has ended, and reaps it. */
    @Override
    public void close() {
        Libc.close(pipe);
        long start = System.nanoTime();
        try (Memory info = new Memory(SIGINFO)) {
            while (!reaped(info) && System.nanoTime() - start < PATIENCE.toNanos()) {
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }

    /** Ends the process, which has not been reaped, so that the number is its own. */
    void end() {
        Libc.kill(pid, Libc.SIGKILL);
        close();
    }

    private boolean reaped(Pointer info) {
        try {
            info.clear(SIGINFO);
            Libc.waitid(Libc.P_PID, pid, info, Libc.WEXITED | Libc.WNOHANG);
            // siginfo_t: si_signo is 0 as long as it runs (waitid(2))
            return info.getInt(0) != 0;
        } catch (LastErrorException e) {
            // ECHILD: something else in the JVM has reaped it
            return e.getErrorCode() != Errno.EINTR;
        }
    }

    private void pause(long start) {
        if (System.nanoTime() - start > PATIENCE.toNanos()) {
            throw failure("write to", Errno.EAGAIN, "process " + pid + " does not read; is it stopped?", null);
        }
        LockSupport.parkNanos(PAUSE.toNanos());
    }

    private static ProcessBuilder command(int input, String... shell) throws IOException {
        List<String> words = new ArrayList<>(List.of(shell));
        words.add("-c");
        words.add(script());
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(new File("/"))
                .redirectInput(new File("/proc/self/fd/" + input))
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD);
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.put("PATH", "/usr/bin:/bin");
        environment.put("LC_ALL", "C");
        return builder;
    }

    private static int spawn(ProcessBuilder builder) throws IOException {
        try (Stdio stdio = Stdio.open(builder);
                Spawn spawn = new Spawn(Command.of(builder), stdio, Libc.POSIX_SPAWN_SETSID)) {
            int error = atHome(spawn);
            if (error != 0) {
                throw failure("posix_spawn " + builder.command().get(0) + " as", error, Libc.strerror(error), null);
            }
            return spawn.pid();
        }
    }

    /** The caller may be a thread inside a sandbox; the leader of the JVM's process never is. */
    private static int atHome(Spawn spawn) throws IOException {
        Path home = Path.of("/proc/self/ns/net");
        int namespace = -1;
        try {
            if (!Files.readSymbolicLink(home).equals(Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")))) {
                namespace = Libc.open(home.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
            }
            return NamespaceThread.call(namespace, spawn::call);
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        } finally {
            if (namespace >= 0) {
                Libc.close(namespace);
            }
        }
    }

    private static String script() throws IOException {
        try (InputStream in = WatchdogProcess.class.getResourceAsStream(SCRIPT)) {
            if (in == null) {
                throw new IOException("no resource " + SCRIPT);
            }
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private static NetnsException failure(String step, int errno, String reason, @Nullable Throwable cause) {
        return new NetnsException(step, "the watchdog", errno, reason, REMEDY, cause);
    }
}
