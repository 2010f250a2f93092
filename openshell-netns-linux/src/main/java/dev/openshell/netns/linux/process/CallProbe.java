package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tries the system calls that a sandbox needs, on threads that end afterwards and in namespaces that go with them.
 * Something such as a seccomp profile may refuse any of them, whatever the capabilities.
 */
public final class CallProbe {
    private static final NativeLong ZERO = new NativeLong(0);
    private static final String PROC_SYS = "/proc/sys";

    /** A call that was tried, what it was tried on, and its errno, 0 where it worked. */
    public record Attempt(String call, String object, int errno) {}

    private interface Call {
        void make() throws LastErrorException;
    }

    private final List<Attempt> attempts = new ArrayList<>();

    private CallProbe() {}

    /** Returns the attempts that need no privilege. */
    public static List<Attempt> unprivileged() throws Exception {
        CallProbe probe = new CallProbe();
        NamespaceThread.call(-1, () -> {
            probe.descriptors();
            return true;
        });
        return probe.attempts;
    }

    /**
     * Returns the attempts that need CAP_SYS_ADMIN, as far as they go: what depends on a call that was refused is not
     * tried. No mount is seen outside of the thread that made it.
     */
    public static List<Attempt> privileged() throws Exception {
        CallProbe probe = new CallProbe();
        NamespaceThread.call(-1, () -> {
            probe.networkNamespaces();
            return true;
        });
        NamespaceThread.call(-1, () -> {
            probe.mounts();
            return true;
        });
        return probe.attempts;
    }

    private void descriptors() {
        attempt("memfd_create", "memory file", () -> Libc.close(Libc.memfd_create("probe", Libc.MFD_CLOEXEC)));
        int own = (int) ProcessHandle.current().pid();
        int[] pidfd = {-1};
        boolean open = attempt(
                "pidfd_open",
                "this process",
                () -> pidfd[0] = Libc.syscall(
                                new NativeLong(Libc.SYS_PIDFD_OPEN), new NativeLong(own), ZERO, ZERO, ZERO)
                        .intValue());
        if (open) {
            // Signal 0 only asks.
            attempt(
                    "pidfd_send_signal",
                    "this process",
                    () -> Libc.syscall(
                            new NativeLong(Libc.SYS_PIDFD_SEND_SIGNAL), new NativeLong(pidfd[0]), ZERO, ZERO, ZERO));
            Libc.close(pidfd[0]);
        }
        attempt(
                "prctl",
                "PR_SET_NO_NEW_PRIVS",
                () -> Libc.prctl(Libc.PR_SET_NO_NEW_PRIVS, new NativeLong(1), ZERO, ZERO, ZERO));
    }

    private void networkNamespaces() {
        int home = Libc.open("/proc/thread-self/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        try {
            attempt("unshare", "CLONE_NEWNET", () -> Libc.unshare(Libc.CLONE_NEWNET));
            attempt("setns", "network namespace", () -> Libc.setns(home, Libc.CLONE_NEWNET));
        } finally {
            Libc.close(home);
        }
    }

    /** Makes the mounts that a started process gets, see {@link Confinement}. */
    private void mounts() {
        boolean apart = attempt("unshare", "CLONE_NEWNS", () -> Libc.unshare(Libc.CLONE_NEWNS))
                && attempt("mount", "/ as a slave", () -> mount("none", "/", null, Libc.MS_REC | Libc.MS_SLAVE));
        // Only where nothing gets back to the host.
        if (apart && attempt("mount", "tmpfs on " + PROC_SYS, () -> mount("tmpfs", PROC_SYS, "tmpfs", 0))) {
            attempt("umount2", "tmpfs on " + PROC_SYS, () -> Libc.umount2(PROC_SYS, Libc.MNT_DETACH));
        }
    }

    private static void mount(String source, String target, @Nullable String type, int flags) {
        Libc.mount(source, target, type, new NativeLong(flags), null);
    }

    private boolean attempt(String call, String object, Call made) {
        int errno = 0;
        try {
            made.make();
        } catch (LastErrorException e) {
            errno = e.getErrorCode();
        }
        attempts.add(new Attempt(call, object, errno));
        return errno == 0;
    }

    /**
     * Checks that the C library has what {@code start} needs of glibc 2.34.
     *
     * @throws LinkageError when it does not
     */
    public static void requireCloseFrom() {
        try {
            MethodHandles.publicLookup().ensureInitialized(Libc.Spawn.class);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns C's text for {@code errno}. */
    public static String text(int errno) {
        return Libc.strerror(errno);
    }
}
