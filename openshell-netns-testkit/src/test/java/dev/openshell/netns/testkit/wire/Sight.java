package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.testkit.packet.Header;

/**
 * Something that was seen of a packet. {@link #where} is {@code west} or {@code east} for the far end of that wire,
 * {@code lo} for the router's loopback interface before the rules for what comes in, and {@code local} for what the
 * router's INPUT rules let through.
 */
sealed interface Sight {
    String where();

    /** The packet itself, with the headers as they were there. */
    record Arrived(String where, Header header) implements Sight {}

    /** An answer of the rules that refuses it; {@code answer} has the kind: a TCP reset, or ICMP's type and code. */
    record Refused(String where, Header answer) implements Sight {
        boolean reset() {
            return answer.protocol() == Header.TCP;
        }
    }
}
