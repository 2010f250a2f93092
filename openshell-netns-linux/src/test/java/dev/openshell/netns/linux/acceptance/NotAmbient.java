package dev.openshell.netns.linux.acceptance;

import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.cli.Main;
import dev.openshell.netns.linux.sys.Libc;

/**
 * The command line in a JVM that has its capabilities but would not hand them on, as one whose program file carries
 * them (setcap(8)).
 */
final class NotAmbient {
    private static final int VERSION_3 = 0x20080522;
    private static final int INHERITABLE = 8;
    private static final NativeLong ZERO = new NativeLong(0);

    private NotAmbient() {}

    /** Runs the command line; the threads that it makes have what this one has. */
    public static void main(String[] arguments) {
        Libc.prctl(Libc.PR_CAP_AMBIENT, new NativeLong(Libc.PR_CAP_AMBIENT_CLEAR_ALL), ZERO, ZERO, ZERO);
        try (Memory header = new Memory(8);
                Memory data = new Memory(24)) {
            header.setInt(0, VERSION_3);
            header.setInt(4, 0);
            Libc.capget(header, data);
            data.setInt(INHERITABLE, 0);
            Libc.capset(header, data);
        }
        Main.main(arguments);
    }
}
