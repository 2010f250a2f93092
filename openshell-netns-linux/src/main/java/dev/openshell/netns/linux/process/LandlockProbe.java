package dev.openshell.netns.linux.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.Landlock.State;
import dev.openshell.netns.linux.sys.Libc;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Asks the kernel whether it has Landlock. */
public final class LandlockProbe {
    private static final int VERSION = 1;
    private static final int ENOSYS = 38;
    private static final int EOPNOTSUPP = 95;

    private LandlockProbe() {}

    /**
     * Returns what {@code landlock_create_ruleset} answers to LANDLOCK_CREATE_RULESET_VERSION (landlock(7)): ENOSYS is
     * not implemented, EOPNOTSUPP not enabled, every other error blocked. An unavailable one is logged at DEBUG.
     */
    public static Landlock probe() {
        NativeLong none = new NativeLong(0);
        try {
            int abi = Libc.syscall(
                            new NativeLong(Libc.SYS_LANDLOCK_CREATE_RULESET), none, none, new NativeLong(VERSION), none)
                    .intValue();
            return Landlock.of(State.AVAILABLE, abi);
        } catch (LastErrorException e) {
            State state = stateOf(e.getErrorCode());
            log().log(Level.DEBUG, "Landlock: {0} ({1})", state, Libc.strerror(e.getErrorCode()));
            return Landlock.of(state, 0);
        }
    }

    static State stateOf(int errno) {
        return switch (errno) {
            case ENOSYS -> State.NOT_IMPLEMENTED;
            case EOPNOTSUPP -> State.NOT_ENABLED;
            default -> State.BLOCKED;
        };
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static Logger log() {
        return System.getLogger(LandlockProbe.class.getName());
    }
}
