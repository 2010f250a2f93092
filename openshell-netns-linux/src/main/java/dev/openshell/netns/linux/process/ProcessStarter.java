package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Starts processes in a network namespace, confined: without the capabilities that could undo it, with no_new_privs, a
 * Landlock domain where the kernel has Landlock, a read-only {@code /proc/sys}, a resolv.conf of their own, and no
 * descriptor of the JVM's but the standard streams which the builder gives them. Safe for use by several threads.
 */
public final class ProcessStarter {
    private static final int ENOEXEC = 8;
    private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

    /** Loaded now, since the thread inside shall open no file of the JVM's. */
    @SuppressWarnings("unused")
    private static final List<Class<?>> USED_INSIDE =
            List.of(LastErrorException.class, NetnsException.class, IOException.class, Libc.class);

    private final int namespace;
    private final Landlock landlock;
    private final Optional<String> resolvConf;
    private final Path resolvConfPath;

    /**
     * Makes a starter.
     *
     * @param namespace descriptor of the network namespace, which stays open as long as the starter is used; below 0
     *     the caller's
     * @param landlock what {@link LandlockProbe#probe()} returned
     * @param resolvConf the whole text that the processes see as {@code /etc/resolv.conf}; empty leaves them the
     *     machine's
     */
    public ProcessStarter(int namespace, Landlock landlock, Optional<String> resolvConf) {
        this(namespace, landlock, resolvConf, RESOLV_CONF);
    }

    ProcessStarter(int namespace, Landlock landlock, Optional<String> resolvConf, Path resolvConfPath) {
        this.namespace = namespace;
        this.landlock = Objects.requireNonNull(landlock, "landlock");
        this.resolvConf = Objects.requireNonNull(resolvConf, "resolvConf");
        this.resolvConfPath = resolvConfPath;
    }

    /**
     * Returns a new process of what {@code builder} says: command, environment, directory and redirects, as
     * {@link ProcessBuilder#start()} does. Its files are opened by the caller's thread, outside.
     *
     * @throws NullPointerException if an element of the command is null
     * @throws IndexOutOfBoundsException if the command is empty
     * @throws IOException as ProcessBuilder's; also if there is no {@code /etc/resolv.conf} to put another over
     * @throws NetnsException if the kernel refuses a step of the confinement; nothing has been started then
     */
    public Process start(ProcessBuilder builder) throws IOException {
        Command command = Command.of(builder);
        try (Stdio stdio = Stdio.open(builder)) {
            SandboxProcess process = new SandboxProcess(stdio);
            try {
                process.spawned(spawn(command, stdio));
                stdio.keep();
                return process;
            } finally {
                process.abandon();
            }
        } catch (IOException | IllegalArgumentException e) {
            throw command.failure(e);
        }
    }

    private int spawn(Command command, Stdio stdio) throws IOException {
        Attempt attempt = attempt(command, stdio);
        if (attempt.error() == ENOEXEC) {
            attempt = attempt(command.byShell(), stdio);
        }
        if (attempt.error() != 0) {
            throw new IOException("error=" + attempt.error() + ", " + Libc.strerror(attempt.error()));
        }
        return attempt.pid();
    }

    private Attempt attempt(Command command, Stdio stdio) throws IOException {
        try (Confinement confinement = new Confinement(landlock, resolvConf, resolvConfPath);
                Spawn spawn = new Spawn(command, stdio)) {
            int error = NamespaceThread.call(namespace, () -> {
                confinement.enter();
                return spawn.call();
            });
            return new Attempt(error, error == 0 ? spawn.pid() : 0);
        } catch (LastErrorException e) {
            throw new NetnsException(
                    "setns",
                    "network namespace",
                    e.getErrorCode(),
                    Libc.strerror(e.getErrorCode()),
                    "needs CAP_SYS_ADMIN and a namespace that is still open",
                    e);
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private record Attempt(int error, int pid) {}
}
