package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.testkit.packet.Header;

/**
 * Something that was seen of a packet. {@link #where} is {@code west} or {@code east} for the far end of that wire,
 * {@code lo} for the router's loopback interface before the rules for what comes in, and {@code local} for what the
 * router's INPUT rules let through.
 */
sealed interface Sight {
    String where();

    /** Returns what was seen: the packet itself, or what was sent because of it. */
    Header header();

    /** The packet itself, with the headers as they were there. */
    record Arrived(String where, Header header) implements Sight {}

    /** An answer of the rules that refuses it: a TCP reset, or an ICMP error of some type and code. */
    record Refused(String where, Header header) implements Sight {
        /** Returns whether it is a TCP reset. */
        boolean reset() {
            return header.protocol() == Header.TCP;
        }
    }

    /** What else the router sent because of it: an answer to its own answer. */
    record Aside(String where, Header header) implements Sight {}
}
