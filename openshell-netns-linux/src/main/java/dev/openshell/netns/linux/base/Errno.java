package dev.openshell.netns.linux.base;

import java.util.Map;

/** The error numbers that this project meets (errno(3), include/uapi/asm-generic/errno.h). */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ENOSYS = 38;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETUNREACH = 101;
    public static final int ENOBUFS = 105;
    public static final int EHOSTUNREACH = 113;

    private static final String OURS = "something else changed it meanwhile; apply again";

    private record Known(String name, String remedy) {}

    private static final Map<Integer, Known> KNOWN = Map.ofEntries(
            Map.entry(
                    EPERM,
                    new Known(
                            "EPERM",
                            "needs CAP_NET_ADMIN and CAP_SYS_ADMIN, and security profiles (seccomp, AppArmor, SELinux) that allow the call")),
            Map.entry(ENOENT, new Known("ENOENT", "check that it exists")),
            Map.entry(EINTR, new Known("EINTR", "apply again")),
            Map.entry(5, new Known("EIO", "check the kernel's log")),
            Map.entry(EBADF, new Known("EBADF", "the namespace is closed")),
            Map.entry(EAGAIN, new Known("EAGAIN", "raise the limit on tasks, or apply again")),
            Map.entry(12, new Known("ENOMEM", "free memory")),
            Map.entry(EACCES, new Known("EACCES", "check permissions and security modules")),
            Map.entry(16, new Known("EBUSY", OURS)),
            Map.entry(EEXIST, new Known("EEXIST", "choose another name, or remove what has it")),
            Map.entry(ENODEV, new Known("ENODEV", OURS)),
            Map.entry(20, new Known("ENOTDIR", "check the path")),
            Map.entry(EINVAL, new Known("EINVAL", "the kernel lacks a feature that is needed")),
            Map.entry(23, new Known("ENFILE", "raise fs.file-max")),
            Map.entry(24, new Known("EMFILE", "raise the limit on open files (ulimit -n)")),
            Map.entry(28, new Known("ENOSPC", "raise user.max_net_namespaces or user.max_mnt_namespaces")),
            Map.entry(30, new Known("EROFS", "mount /proc/sys writable in this container")),
            Map.entry(ENOSYS, new Known("ENOSYS", "needs a newer kernel, or a seccomp profile that allows the call")),
            Map.entry(EOPNOTSUPP, new Known("EOPNOTSUPP", "the kernel needs CONFIG_VETH")),
            Map.entry(EAFNOSUPPORT, new Known("EAFNOSUPPORT", "the kernel lacks this address family")),
            Map.entry(EADDRNOTAVAIL, new Known("EADDRNOTAVAIL", OURS)),
            Map.entry(100, new Known("ENETDOWN", OURS)),
            Map.entry(ENETUNREACH, new Known("ENETUNREACH", OURS)),
            Map.entry(105, new Known("ENOBUFS", "free kernel memory, or raise net.core.rmem_max")),
            Map.entry(EHOSTUNREACH, new Known("EHOSTUNREACH", OURS)));

    private Errno() {}

    /** Returns the name of {@code errno}, or {@code errno N}. */
    public static String name(int errno) {
        Known known = KNOWN.get(errno);
        return known == null ? "errno " + errno : known.name;
    }

    /** Returns what a user can do about {@code errno}. */
    public static String remedy(int errno) {
        Known known = KNOWN.get(errno);
        return known == null ? "see errno(3)" : known.remedy;
    }
}
