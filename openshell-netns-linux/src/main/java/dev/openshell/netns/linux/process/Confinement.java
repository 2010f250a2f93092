package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.sys.Libc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a thread takes on before it starts a process, which inherits it: a mount namespace with a read-only
 * {@code /proc/sys} and a resolv.conf of its own, no_new_privs, a Landlock domain, and few capabilities. Used once.
 * {@link #enter()} runs inside: it allocates no native memory and starts no thread.
 */
final class Confinement implements AutoCloseable {
    private static final String PROC_SYS = "/proc/sys";
    private static final String SYSRQ = "/proc/sysrq-trigger";
    private static final String STAGED = PROC_SYS + "/resolv.conf";
    private static final int ENOENT = 2;
    private static final int EINVAL = 22;
    private static final int ELOOP = 40;
    private static final int SAFE = Libc.MS_NOSUID | Libc.MS_NODEV | Libc.MS_NOEXEC;
    private static final String NEEDS_ADMIN =
            "needs CAP_SYS_ADMIN, and seccomp and AppArmor profiles that allow it; the process was not started";
    private static final String NEEDS_ROOT_MOUNT = "the JVM's root directory must be a mount point: chroot into one"
            + " (mount --bind DIR DIR), or use pivot_root as container runtimes do; the process was not started";
    private static final String NEEDS_CALL =
            "a security profile such as seccomp's must allow this call; the process was not started";

    private final LandlockRuleset landlock;
    private final Capabilities capabilities;
    private final Optional<byte[]> resolvConf;
    private final String resolvConfPath;
    private final boolean hasSysrq = Files.exists(Path.of(SYSRQ));

    private String step = "";
    private String object = "";
    private String remedy = "";

    /** Prepares, on a thread at home, all that the thread inside needs. */
    Confinement(Landlock landlock, Optional<String> resolvConf, Path resolvConfPath) throws IOException {
        this.resolvConf = resolvConf.map(text -> text.getBytes(StandardCharsets.UTF_8));
        this.resolvConfPath = resolvConfPath.toString();
        this.capabilities = Capabilities.ofKernel();
        this.landlock = LandlockRuleset.create(landlock);
    }

    /**
     * Confines the calling thread for good.
     *
     * @throws IOException if there is no resolv.conf to put the process's own over
     * @throws NetnsException naming the step that the kernel refused; the thread is half confined then, and must end
     */
    void enter() throws IOException {
        try {
            mountPrivately();
            if (resolvConf.isPresent()) {
                mountResolvConf(resolvConf.get());
            }
            mountReadOnly(PROC_SYS);
            if (hasSysrq) {
                mountReadOnly(SYSRQ);
            }
            doing("prctl", "PR_SET_NO_NEW_PRIVS", NEEDS_CALL);
            NativeLong zero = new NativeLong(0);
            Libc.prctl(Libc.PR_SET_NO_NEW_PRIVS, new NativeLong(1), zero, zero, zero);
            doing("landlock_restrict_self", "domain of the process", NEEDS_CALL);
            landlock.enforce();
            doing("capset", "capabilities of the process", NEEDS_CALL);
            capabilities.giveUp();
        } catch (LastErrorException e) {
            throw failure(e);
        }
    }

    @Override
    public void close() {
        landlock.close();
        capabilities.close();
    }

    /** A slave: nothing gets back to the host, and what the host mounts later still arrives. */
    private void mountPrivately() {
        doing("unshare", "CLONE_NEWNS", NEEDS_ADMIN);
        Libc.unshare(Libc.CLONE_NEWNS);
        doing("mount", "/ as a slave", NEEDS_ADMIN);
        try {
            mount("none", "/", null, Libc.MS_REC | Libc.MS_SLAVE, null);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == EINVAL) {
                doing("mount", "/ as a slave", NEEDS_ROOT_MOUNT);
            }
            throw e;
        }
    }

    /** The file needs a filesystem for a moment, and {@code /proc/sys} is a place that every process has. */
    private void mountResolvConf(byte[] text) throws IOException {
        doing("mount", "tmpfs on " + PROC_SYS, NEEDS_ADMIN);
        mount("tmpfs", PROC_SYS, "tmpfs", SAFE, "size=1m,mode=0755");
        doing("write", STAGED, NEEDS_ADMIN);
        int fd = Libc.open(STAGED, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, 0600);
        try {
            int written = 0;
            while (written < text.length) {
                byte[] rest = written == 0 ? text : Arrays.copyOfRange(text, written, text.length);
                written += Libc.write(fd, rest, new NativeLong(rest.length)).intValue();
            }
            Libc.fchmod(fd, 0444);
        } finally {
            Libc.close(fd);
        }
        doing("mount", resolvConfPath, NEEDS_ADMIN);
        try {
            mount(STAGED, resolvConfPath, null, Libc.MS_BIND, null);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == ENOENT || e.getErrorCode() == ELOOP) {
                throw new IOException("mount " + resolvConfPath + ": " + Libc.strerror(e.getErrorCode())
                        + " (the process's own resolv.conf is mounted over this file: create it, an empty one will do,"
                        + " or mend its symbolic link)");
            }
            throw e;
        }
        mount("none", resolvConfPath, null, Libc.MS_REMOUNT | Libc.MS_BIND | Libc.MS_RDONLY | SAFE, null);
        doing("umount2", "tmpfs on " + PROC_SYS, NEEDS_ADMIN);
        Libc.umount2(PROC_SYS, Libc.MNT_DETACH);
    }

    private void mountReadOnly(String path) {
        doing("mount", path + " read-only", NEEDS_ADMIN);
        mount(path, path, null, Libc.MS_BIND, null);
        mount("none", path, null, Libc.MS_REMOUNT | Libc.MS_BIND | Libc.MS_RDONLY | SAFE, null);
    }

    private static void mount(String source, String target, @Nullable String type, int flags, @Nullable String data) {
        Libc.mount(source, target, type, new NativeLong(flags), data);
    }

    private void doing(String step, String object, String remedy) {
        this.step = step;
        this.object = object;
        this.remedy = remedy;
    }

    private NetnsException failure(LastErrorException e) {
        return new NetnsException(step, object, e.getErrorCode(), Libc.strerror(e.getErrorCode()), remedy, e);
    }
}
