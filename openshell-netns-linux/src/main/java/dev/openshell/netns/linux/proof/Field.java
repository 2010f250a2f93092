package dev.openshell.netns.linux.proof;

import dev.openshell.netns.linux.ruleset.Ip;

/**
 * The fields of a packet and of its flow, in the order in which diagrams ask for them. What tells most packets apart
 * comes first, so that all addresses of a list share what follows.
 */
final class Field {
    static final int IN = 0;
    static final int OUT = 1;
    /** Where the packet was sent to, before the host translated it; where its flow was sent to, of a reply or an error. */
    static final int DESTINATION = 2;

    static final int DESTINATION_PORT = 4;
    static final int PROTOCOL = 5;
    static final int SOURCE = 6;
    static final int SOURCE_PORT = 8;
    /** What the header says at this hook, where the host may have translated it. */
    static final int NOW = 9;

    static final int NOW_PORT = 11;
    /** Of an error: what its flow's source and protocol are. */
    static final int FLOW_SOURCE = 12;

    static final int FLOW_PROTOCOL = 14;
    static final int FLAGS = 15;
    static final int KIND = 16;
    static final int COUNT = 17;

    private Field() {}

    /** Puts an address into a packet. */
    static void put(long[] packet, int field, Ip address) {
        packet[field] = address.high();
        packet[low(field)] = address.low();
    }

    /** Returns the second half of an address, whose first is {@code field}. */
    static int low(int field) {
        return field + 1;
    }

    /** Returns whether a packet is an error about another one's flow. */
    static boolean isError(long[] packet) {
        Kind kind = Kind.values()[(int) packet[KIND]];
        return kind == Kind.RELATED || kind == Kind.RELATED_REPLY;
    }
}
