package dev.openshell.netns;

import org.immutables.value.Value;

/**
 * Whether the kernel can give each sandbox a Landlock domain of its own, without which root in one sandbox can reach
 * into the processes of another.
 *
 * @since 0.1
 */
@ModelStyle
@Value.Immutable
public abstract class Landlock {
    Landlock() {}

    /** What the probe found. */
    public enum State {
        /** In use. */
        AVAILABLE,
        /** The kernel was built without it (ENOSYS). */
        NOT_IMPLEMENTED,
        /** Built in and not switched on at boot (EOPNOTSUPP). */
        NOT_ENABLED,
        /** Something, such as a seccomp profile, refuses the system call. */
        BLOCKED
    }

    /** Returns what the probe found. */
    @Value.Parameter
    public abstract State state();

    /** Returns the ABI version, 1 or more, or 0 where Landlock is not available. */
    @Value.Parameter
    public abstract int abi();

    /** Returns a result of these parts. */
    public static Landlock of(State state, int abi) {
        return ImmutableLandlock.of(state, abi);
    }
}
