package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.sys.Libc;

/**
 * A Landlock ruleset that forbids next to nothing. What counts is the domain which a thread enters with it: inside,
 * ptrace(2) and all that is checked like it (pidfd_getfd, process_vm_readv, {@code /proc/PID/root}, {@code fd},
 * {@code environ}) works only on processes of the same domain (landlock(7), "Ptrace restrictions").
 */
final class LandlockRuleset implements AutoCloseable {
    private static final int SCOPES_SINCE = 6;
    private static final int REFER_SINCE = 2;
    private static final long SCOPE_ABSTRACT_UNIX_SOCKET = 1;
    private static final long SCOPE_SIGNAL = 1 << 1;
    private static final long ACCESS_FS_MAKE_BLOCK = 1 << 11;
    private static final long ACCESS_FS_REFER = 1 << 13;
    private static final long RULE_PATH_BENEATH = 1;
    private static final NativeLong NONE = new NativeLong(0);

    private final int fd;

    private LandlockRuleset(int fd) {
        this.fd = fd;
    }

    /**
     * Returns a ruleset of what the kernel's ABI has, or one that does nothing where there is no Landlock.
     *
     * @throws NetnsException if the kernel refuses it
     */
    static LandlockRuleset create(Landlock landlock) {
        if (landlock.state() != Landlock.State.AVAILABLE) {
            return new LandlockRuleset(-1);
        }
        try {
            return new LandlockRuleset(landlock.abi() >= SCOPES_SINCE ? scoped() : makingBlockDevices(landlock.abi()));
        } catch (LastErrorException e) {
            throw new NetnsException(
                    "landlock_create_ruleset",
                    "ABI " + landlock.abi(),
                    e.getErrorCode(),
                    Libc.strerror(e.getErrorCode()),
                    "allow the landlock_* system calls, or forbid all of them, landlock_create_ruleset included",
                    e);
        }
    }

    /** Puts the calling thread, which has no_new_privs, into a domain of its own. Works on numbers alone. */
    void enforce() throws LastErrorException {
        if (fd >= 0) {
            Libc.syscall(new NativeLong(Libc.SYS_LANDLOCK_RESTRICT_SELF), new NativeLong(fd), NONE, NONE, NONE);
        }
    }

    @Override
    public void close() {
        if (fd >= 0) {
            Libc.close(fd);
        }
    }

    private static int scoped() {
        try (Memory attributes = new Memory(24)) {
            attributes.clear();
            attributes.setLong(16, SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL);
            return create(attributes);
        }
    }

    /**
     * Before scopes, a ruleset has to handle an access: one that is lost with CAP_MKNOD anyway. A ruleset that handles
     * any refuses to move files between directories, handled or not (EXDEV), unless a rule allows it; ABI 1 has no
     * such rule.
     */
    private static int makingBlockDevices(int abi) {
        int fd;
        try (Memory attributes = new Memory(8)) {
            attributes.setLong(0, ACCESS_FS_MAKE_BLOCK | (abi >= REFER_SINCE ? ACCESS_FS_REFER : 0));
            fd = create(attributes);
        }
        if (abi >= REFER_SINCE) {
            try {
                allowRefer(fd);
            } catch (LastErrorException e) {
                Libc.close(fd);
                throw e;
            }
        }
        return fd;
    }

    private static void allowRefer(int ruleset) {
        int root = Libc.open("/", Libc.O_PATH | Libc.O_CLOEXEC, 0);
        try (Memory rule = new Memory(12)) {
            rule.setLong(0, ACCESS_FS_REFER);
            rule.setInt(8, root);
            Libc.syscall(
                    new NativeLong(Libc.SYS_LANDLOCK_ADD_RULE),
                    new NativeLong(ruleset),
                    new NativeLong(RULE_PATH_BENEATH),
                    new NativeLong(Pointer.nativeValue(rule)),
                    NONE);
        } finally {
            Libc.close(root);
        }
    }

    private static int create(Memory attributes) {
        return Libc.syscall(
                        new NativeLong(Libc.SYS_LANDLOCK_CREATE_RULESET),
                        new NativeLong(Pointer.nativeValue(attributes)),
                        new NativeLong(attributes.size()),
                        NONE,
                        NONE)
                .intValue();
    }
}
