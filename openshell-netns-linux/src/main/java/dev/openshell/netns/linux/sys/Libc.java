package dev.openshell.netns.linux.sys;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.IntByReference;

/**
 * The C library's functions that this project calls. Names and arguments are C's; each throws
 * {@link LastErrorException} with errno where C returns -1, unless its comment says otherwise. The constants are those
 * of the kernel's generic ABI, which x86-64 and aarch64 share.
 *
 * <p>They are looked up in the process itself, which has them all: no library is searched for by name.
 */
public final class Libc {
    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_CREAT = 0x40;
    public static final int O_TRUNC = 0x200;
    public static final int O_APPEND = 0x400;
    public static final int O_EXCL = 0x80;
    public static final int O_CLOEXEC = 0x80000;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_PATH = 0x200000;
    public static final int O_TMPFILE = 0x410000;
    public static final int AT_FDCWD = -100;
    public static final int AT_SYMLINK_FOLLOW = 0x400;
    public static final int F_SETFL = 4;
    public static final int F_DUPFD_CLOEXEC = 1030;
    public static final long FIONREAD = 0x541b;
    public static final int LOCK_EX = 2;
    public static final int LOCK_NB = 4;
    public static final int LOCK_UN = 8;
    public static final int CLONE_NEWNS = 0x00020000;
    public static final int CLONE_NEWNET = 0x40000000;
    public static final int AF_NETLINK = 16;
    public static final int SOCK_RAW = 3;
    public static final int SOCK_CLOEXEC = 0x80000;
    public static final int SOCK_NONBLOCK = 0x800;
    public static final int NETLINK_ROUTE = 0;
    public static final int NETLINK_NETFILTER = 12;
    public static final int SOL_NETLINK = 270;
    public static final int SOL_SOCKET = 1;
    public static final int SO_RCVTIMEO = 20;
    public static final int SO_SNDBUFFORCE = 32;
    public static final int MS_RDONLY = 1;
    public static final int MS_NOSUID = 2;
    public static final int MS_NODEV = 4;
    public static final int MS_NOEXEC = 8;
    public static final int MS_REMOUNT = 32;
    public static final int MS_BIND = 4096;
    public static final int MS_REC = 16384;
    public static final int MS_PRIVATE = 1 << 18;
    public static final int MS_SLAVE = 1 << 19;
    public static final int MNT_DETACH = 2;
    public static final int UMOUNT_NOFOLLOW = 8;
    public static final int P_PID = 1;
    public static final int WNOHANG = 1;
    public static final int WEXITED = 4;
    public static final int WNOWAIT = 0x01000000;
    public static final int PR_CAPBSET_READ = 23;
    public static final int PR_CAPBSET_DROP = 24;
    public static final int PR_SET_NO_NEW_PRIVS = 38;
    public static final int PR_CAP_AMBIENT = 47;
    public static final int PR_CAP_AMBIENT_RAISE = 2;
    public static final int PR_CAP_AMBIENT_CLEAR_ALL = 4;
    public static final long NS_GET_NSTYPE = 0xb703;
    public static final int MFD_CLOEXEC = 1;
    public static final short POLLIN = 1;
    public static final int MSG_DONTWAIT = 0x40;
    public static final int NETLINK_EXT_ACK = 11;
    public static final int NETLINK_GET_STRICT_CHK = 12;
    public static final int SIGKILL = 9;
    public static final int SIGTERM = 15;
    public static final int POSIX_SPAWN_SETSIGMASK = 8;
    public static final int POSIX_SPAWN_SETSID = 0x80;
    public static final long SYS_PIDFD_SEND_SIGNAL = 424;
    public static final long SYS_PIDFD_OPEN = 434;
    public static final long SYS_LANDLOCK_CREATE_RULESET = 444;
    public static final long SYS_LANDLOCK_ADD_RULE = 445;
    public static final long SYS_LANDLOCK_RESTRICT_SELF = 446;

    static {
        Native.register(Libc.class, NativeLibrary.getProcess());
    }

    private Libc() {}

    public static native int open(String path, int flags, int mode) throws LastErrorException;

    /** {@code path} ends with a NUL. */
    public static native int open(byte[] path, int flags, int mode) throws LastErrorException;

    public static native int close(int fd) throws LastErrorException;

    public static native int fcntl(int fd, int command, int argument) throws LastErrorException;

    public static native int pipe2(int[] fds, int flags) throws LastErrorException;

    public static native NativeLong write(int fd, byte[] buffer, NativeLong length) throws LastErrorException;

    public static native NativeLong read(int fd, byte[] buffer, NativeLong length) throws LastErrorException;

    public static native int ioctl(int fd, NativeLong request) throws LastErrorException;

    public static native int ioctl(int fd, NativeLong request, int[] value) throws LastErrorException;

    public static native int memfd_create(String name, int flags) throws LastErrorException;

    /** {@code pollfd} is a struct pollfd of 8 bytes: descriptor, events, revents. Returns 0 when the time is up. */
    public static native int poll(Pointer pollfd, NativeLong count, int timeoutMillis) throws LastErrorException;

    public static native int fchmod(int fd, int mode) throws LastErrorException;

    public static native int linkat(int fromDirectory, String from, int toDirectory, String to, int flags)
            throws LastErrorException;

    public static native int flock(int fd, int operation) throws LastErrorException;

    public static native int unshare(int flags) throws LastErrorException;

    public static native int setns(int fd, int type) throws LastErrorException;

    public static native int socket(int domain, int type, int protocol) throws LastErrorException;

    public static native int bind(int fd, byte[] address, int length) throws LastErrorException;

    public static native int setsockopt(int fd, int level, int name, byte[] value, int length)
            throws LastErrorException;

    public static native NativeLong sendto(
            int fd, byte[] buffer, NativeLong length, int flags, byte[] address, int addressLength)
            throws LastErrorException;

    public static native NativeLong recvfrom(
            int fd, byte[] buffer, NativeLong length, int flags, byte[] address, IntByReference addressLength)
            throws LastErrorException;

    public static native int mount(String source, String target, String type, NativeLong flags, String data)
            throws LastErrorException;

    public static native int umount2(String target, int flags) throws LastErrorException;

    public static native int prctl(int option, NativeLong a, NativeLong b, NativeLong c, NativeLong d)
            throws LastErrorException;

    /** Acts on the calling thread alone, unlike most of libcap. */
    public static native int capget(Pointer header, Pointer data) throws LastErrorException;

    /** Acts on the calling thread alone. */
    public static native int capset(Pointer header, Pointer data) throws LastErrorException;

    public static native int gettid();

    /** Returns errno(3)'s text for {@code error}; sets no errno. */
    public static native String strerror(int error);

    public static native int kill(int pid, int signal) throws LastErrorException;

    /** {@code info} is a siginfo_t of 128 bytes. */
    public static native int waitid(int idType, int id, Pointer info, int options) throws LastErrorException;

    public static native NativeLong syscall(NativeLong number, NativeLong a, NativeLong b, NativeLong c, NativeLong d)
            throws LastErrorException;

    /** Returns 0 or an error number; does not set errno. Looks {@code file} up on the JVM's own PATH. */
    public static native int posix_spawnp(
            IntByReference pid, String file, Pointer actions, Pointer attributes, StringArray argv, StringArray envp);

    /**
     * Returns 0 or an error number. As the other, with memory of the caller's: {@code pid} is an int, {@code file} ends
     * with a NUL.
     */
    public static native int posix_spawnp(
            Pointer pid, byte[] file, Pointer actions, Pointer attributes, Pointer argv, Pointer envp);

    /** Returns 0 or an error number. */
    public static native int posix_spawn_file_actions_init(Pointer actions);

    /** Returns 0 or an error number. */
    public static native int posix_spawn_file_actions_destroy(Pointer actions);

    /** Returns 0 or an error number. */
    public static native int posix_spawn_file_actions_adddup2(Pointer actions, int fd, int newFd);

    /** Returns 0 or an error number. */
    public static native int posix_spawnattr_init(Pointer attributes);

    /** Returns 0 or an error number. */
    public static native int posix_spawnattr_destroy(Pointer attributes);

    /** Returns 0 or an error number. */
    public static native int posix_spawnattr_setflags(Pointer attributes, short flags);

    /** Returns 0 or an error number. {@code set} is a sigset_t of 128 bytes. */
    public static native int posix_spawnattr_setsigmask(Pointer attributes, Pointer set);

    /**
     * What not every C library has: apart, since a class's functions are all bound when it is initialized, and one that
     * is missing would take the others along. Using it is an {@link UnsatisfiedLinkError} then.
     */
    public static final class Spawn {
        static {
            Native.register(Spawn.class, NativeLibrary.getProcess());
        }

        private Spawn() {}

        /** Returns 0 or an error number. glibc 2.29. {@code path} ends with a NUL, and is copied. */
        public static native int posix_spawn_file_actions_addchdir_np(Pointer actions, byte[] path);

        /** Returns 0 or an error number. glibc 2.34. */
        public static native int posix_spawn_file_actions_addclosefrom_np(Pointer actions, int from);
    }
}
