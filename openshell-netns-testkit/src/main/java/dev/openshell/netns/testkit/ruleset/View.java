package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Ip;
import java.time.Instant;

/** What rules ask about beyond the packet. */
public interface View {
    /**
     * Returns the type of {@code address} as xt_addrtype(8) names it: LOCAL, UNICAST, BROADCAST, MULTICAST, ANYCAST,
     * UNREACHABLE.
     *
     * @param link the interface that the type is limited to, empty for none
     */
    String addressType(Ip address, String link);

    /** Returns the members of an ipset. */
    SetContents sets();

    /** Returns the time that rate limits go by. */
    Instant now();
}
