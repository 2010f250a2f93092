package dev.openshell.netns.linux.kernel;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** The files of {@code /proc/sys}, as the calling thread's network namespace has them. */
final class SysctlFile {
    private static final Path PROC = Path.of("/proc");
    private static final int LIMIT = 4096;
    private static final int EROFS = 30;
    private static final int SAFE = Libc.MS_NOSUID | Libc.MS_NODEV | Libc.MS_NOEXEC;
    private static final String REMEDY = "let this container change its mounts (seccomp, AppArmor and SELinux profiles"
            + " that allow mount(2): docker run --security-opt apparmor=unconfined, in Kubernetes appArmorProfile"
            + " Unconfined), or give it a writable /proc/sys (docker run --security-opt systempaths=unconfined, in"
            + " Kubernetes procMount: Unmasked)";

    private SysctlFile() {}

    /**
     * Returns the value of {@code key}, such as {@code net/ipv4/ip_forward}; empty where this kernel has none.
     *
     * @throws LastErrorException with the errno of open(2) or read(2)
     * @throws KernelException with ENOENT where {@code /proc/sys} is not there, or covered
     */
    static Optional<String> read(String key) throws LastErrorException {
        int fd;
        try {
            fd = Libc.open(path(key).toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == Errno.ENOENT) {
                requireSysctls();
                return Optional.empty();
            }
            throw e;
        }
        try {
            byte[] value = new byte[LIMIT];
            int length = Libc.read(fd, value, new NativeLong(value.length)).intValue();
            return Optional.of(new String(value, 0, length, StandardCharsets.UTF_8).strip());
        } finally {
            Libc.close(fd);
        }
    }

    /** A kernel without a key is told from a container that does not see it: IPv4 has sysctls wherever it is. */
    private static void requireSysctls() {
        Path some = path("net/ipv4");
        try {
            Libc.close(Libc.open(some.toString(), Libc.O_PATH | Libc.O_CLOEXEC, 0));
        } catch (LastErrorException e) {
            throw new KernelException(
                    e.getErrorCode(),
                    Errno.name(e.getErrorCode()) + " " + some,
                    "mount the whole of /proc, without subset=pid and with nothing over its sys directory");
        }
    }

    /**
     * Sets the value of {@code key}, also where {@code /proc/sys} is mounted read-only, as in most containers.
     *
     * @throws LastErrorException with the errno of open(2) or write(2)
     * @throws KernelException with EROFS where it is read-only and the kernel refuses to make it writable
     */
    static void write(String key, String value) throws Exception {
        try {
            writeHere(key, value);
        } catch (LastErrorException e) {
            if (e.getErrorCode() != EROFS) {
                throw e;
            }
            // A thread made inside is inside, and takes its mount namespace with it when it ends.
            NamespaceThread.call(-1, () -> {
                makeWritable(key);
                writeHere(key, value);
                return true;
            });
        }
    }

    private static void writeHere(String key, String value) throws LastErrorException {
        int fd = Libc.open(path(key).toString(), Libc.O_WRONLY | Libc.O_CLOEXEC, 0);
        try {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            Libc.write(fd, bytes, new NativeLong(bytes.length));
        } finally {
            Libc.close(fd);
        }
    }

    /**
     * Makes the mount that {@code key} is on writable in a mount namespace of the calling thread's own. Whether a mount
     * is read-only belongs to that mount alone: unlike mounting and unmounting, changing it is never passed on to
     * another namespace (mount_namespaces(7)), so that nothing has to be made private first.
     */
    private static void makeWritable(String key) {
        String step = "unshare(CLONE_NEWNS)";
        try {
            Libc.unshare(Libc.CLONE_NEWNS);
            step = "mount(MS_REMOUNT)";
            Path mount = path(key);
            while (!remount(mount)) {
                mount = mount.getParent();
            }
        } catch (LastErrorException e) {
            throw readOnly(key, step + " to make it writable gave " + Errno.name(e.getErrorCode()));
        }
        try {
            Libc.close(Libc.open(path(key).toString(), Libc.O_WRONLY | Libc.O_CLOEXEC, 0));
        } catch (LastErrorException e) {
            if (e.getErrorCode() == EROFS) {
                throw readOnly(key, "its filesystem is mounted read-only as a whole");
            }
            throw e;
        }
    }

    /** Returns if {@code point} is a mount point, which is writable then. */
    private static boolean remount(Path point) throws LastErrorException {
        try {
            int flags = Libc.MS_REMOUNT | Libc.MS_BIND | SAFE;
            Libc.mount("none", point.toString(), null, new NativeLong(flags), null);
            return true;
        } catch (LastErrorException e) {
            if (e.getErrorCode() == Errno.EINVAL && !point.equals(PROC)) {
                return false;
            }
            throw e;
        }
    }

    private static KernelException readOnly(String key, String why) {
        return new KernelException(
                EROFS, Errno.name(EROFS) + " " + path(key) + " is read-only here, and " + why, REMEDY);
    }

    private static Path path(String key) {
        return PROC.resolve("sys").resolve(key);
    }
}
