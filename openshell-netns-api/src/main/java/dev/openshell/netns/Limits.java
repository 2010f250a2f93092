package dev.openshell.netns;

import java.util.OptionalInt;
import org.immutables.value.Value;

/**
 * How much a sandbox may have open, and open a second, to each endpoint that it may reach, so that it can't use up what
 * the host tracks flows with. What goes beyond a limit is dropped without an answer.
 *
 * @since 0.1
 */
@Incubating
@ModelStyle
@Value.Immutable
public abstract class Limits {
    /** No limit at all. */
    public static final Limits NONE = ImmutableLimits.builder().build();

    /** The limits where none are given: 1,024 connections, and 256 new ones a second. */
    public static final Limits DEFAULT = ImmutableLimits.builder()
            .connections(1024)
            .connectionsPerSecond(256)
            .build();

    private static final int MOST = 1_000_000;

    Limits() {}

    /**
     * Returns how many connections to one destination address may be open at once, all ports and protocols together:
     * TCP until both sides have closed it, others as long as the host tracks them. Empty without a limit. The host
     * remembers a closed connection up to two minutes more, so that it tracks at most this many, and 120 times
     * {@link #connectionsPerSecond()} closed ones.
     */
    public abstract OptionalInt connections();

    /**
     * Returns how many connections to one destination address and port may begin a second; after a pause twice as many
     * at once. Empty without a limit.
     */
    public abstract OptionalInt connectionsPerSecond();

    /** Returns these limits with another one on connections. */
    Limits withConnections(int most) {
        return ImmutableLimits.builder().from(this).connections(most).build();
    }

    /** Returns these limits with another one on new connections. */
    Limits withConnectionsPerSecond(int most) {
        return ImmutableLimits.builder().from(this).connectionsPerSecond(most).build();
    }

    @Value.Check
    void check() {
        connections().ifPresent(most -> check("maxConnections", most));
        connectionsPerSecond().ifPresent(most -> check("maxConnectionsPerSecond", most));
    }

    private static void check(String call, int most) {
        if (most < 1 || most > MOST) {
            throw new IllegalArgumentException(
                    call + " " + most + " is out of range; give 1 to " + MOST + ", or unlimited() for no limit");
        }
    }
}
