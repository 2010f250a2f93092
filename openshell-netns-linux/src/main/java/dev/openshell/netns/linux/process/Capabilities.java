package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.sys.Libc;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * Gives up, on the calling thread alone, every capability but those which work on files and identities
 * (capabilities(7)): an allow-list, so that what a later kernel adds is gone too. Its memory is made beforehand, by
 * another thread, since JNA starts a cleaner thread when it first hands out memory.
 */
final class Capabilities implements AutoCloseable {
    /** chown, dac_override, fowner, fsetid, kill, setgid, setuid, bind_service, sys_chroot, audit_write, setfcap. */
    static final long ALLOWED =
            1L | 1L << 1 | 1L << 3 | 1L << 4 | 1L << 5 | 1L << 6 | 1L << 7 | 1L << 10 | 1L << 18 | 1L << 29 | 1L << 31;

    private static final int VERSION_3 = 0x20080522;
    private static final int SETPCAP = 8;
    private static final int EFFECTIVE = 0;
    private static final int PERMITTED = 4;
    private static final int INHERITABLE = 8;
    private static final int HIGH_WORDS = 12;
    private static final NativeLong ZERO = new NativeLong(0);

    private final int last;
    private final Memory header = new Memory(8);
    private final Memory data = new Memory(24);

    private Capabilities(int last) {
        this.last = last;
    }

    /** Returns the capabilities that this kernel knows. */
    static Capabilities ofKernel() throws IOException {
        // one large read: a file of /proc/sys can give half a number to a small one
        byte[] text = new byte[4096];
        try (InputStream in = new FileInputStream("/proc/sys/kernel/cap_last_cap")) {
            int length = in.read(text);
            return new Capabilities(
                    Integer.parseInt(new String(text, 0, Math.max(0, length), StandardCharsets.US_ASCII).strip()));
        }
    }

    /**
     * Gives up the rest: from the bounding set where the thread has CAP_SETPCAP, and from the others always.
     *
     * @throws LastErrorException with errno
     * @throws NetnsException if one is still there afterwards
     */
    void giveUp() throws LastErrorException {
        read();
        if ((get(EFFECTIVE) & 1L << SETPCAP) != 0) {
            for (int capability = 0; capability <= last; capability++) {
                if ((ALLOWED & 1L << capability) == 0) {
                    Libc.prctl(Libc.PR_CAPBSET_DROP, new NativeLong(capability), ZERO, ZERO, ZERO);
                }
            }
        }
        Libc.prctl(Libc.PR_CAP_AMBIENT, new NativeLong(Libc.PR_CAP_AMBIENT_CLEAR_ALL), ZERO, ZERO, ZERO);
        long kept = get(PERMITTED) & ALLOWED;
        set(EFFECTIVE, kept);
        set(PERMITTED, kept);
        set(INHERITABLE, 0);
        Libc.capset(header, data);
        read();
        if (((get(EFFECTIVE) | get(PERMITTED) | get(INHERITABLE)) & ~ALLOWED) != 0) {
            throw new NetnsException(
                    "capset", "capabilities of the process", 0, "the kernel kept some", "report this kernel", null);
        }
    }

    @Override
    public void close() {
        header.close();
        data.close();
    }

    private void read() {
        header.setInt(0, VERSION_3);
        header.setInt(4, 0);
        Libc.capget(header, data);
    }

    private long get(int set) {
        return data.getInt(set) & 0xffffffffL | (long) data.getInt(set + HIGH_WORDS) << 32;
    }

    private void set(int set, long capabilities) {
        data.setInt(set, (int) capabilities);
        data.setInt(set + HIGH_WORDS, (int) (capabilities >>> 32));
    }
}
