package dev.openshell.netns.linux.kernel;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.sys.Libc;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * The capabilities that the iptables programs use, out of those which the calling thread has (capabilities(7)). A
 * program that another user than root starts has none of them unless they are ambient.
 */
final class ToolCapabilities {
    private static final int NET_ADMIN = 12;
    private static final int NET_RAW = 13;
    private static final int VERSION_3 = 0x20080522;
    private static final int PERMITTED = 4;
    private static final int INHERITABLE = 8;
    private static final NativeLong ZERO = new NativeLong(0);

    private ToolCapabilities() {}

    /** Returns whether iptables-legacy can open its raw socket. */
    static boolean hasNetRaw() {
        try (Memory header = header();
                Memory data = new Memory(24)) {
            Libc.capget(header, data);
            return has(data.getInt(PERMITTED), NET_RAW);
        }
    }

    /**
     * Hands CAP_NET_ADMIN and CAP_NET_RAW on to what the calling thread, which ends afterwards, starts. Where that is
     * forbidden nothing changes, and the program says itself what it lacks.
     */
    static void handOn() {
        try (Memory header = header();
                Memory data = new Memory(24)) {
            Libc.capget(header, data);
            int handed = data.getInt(PERMITTED) & (1 << NET_ADMIN | 1 << NET_RAW);
            data.setInt(INHERITABLE, data.getInt(INHERITABLE) | handed);
            Libc.capset(header, data);
            for (int capability : new int[] {NET_ADMIN, NET_RAW}) {
                if (has(handed, capability)) {
                    raise(capability);
                }
            }
        } catch (LastErrorException e) {
            log().log(Level.DEBUG, "capabilities of the iptables programs: {0}", Libc.strerror(e.getErrorCode()));
        }
    }

    private static void raise(int capability) {
        Libc.prctl(
                Libc.PR_CAP_AMBIENT, new NativeLong(Libc.PR_CAP_AMBIENT_RAISE), new NativeLong(capability), ZERO, ZERO);
    }

    private static Memory header() {
        Memory header = new Memory(8);
        header.setInt(0, VERSION_3);
        header.setInt(4, 0);
        return header;
    }

    private static boolean has(int capabilities, int capability) {
        return (capabilities & 1 << capability) != 0;
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static Logger log() {
        return System.getLogger(ToolCapabilities.class.getName());
    }
}
