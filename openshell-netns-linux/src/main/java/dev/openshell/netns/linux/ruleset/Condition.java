package dev.openshell.netns.linux.ruleset;

import dev.openshell.netns.linux.diagram.Ranges;
import java.util.List;

/** One thing that a rule asks of a packet; a rule matches where all that it asks for holds. */
public sealed interface Condition {
    /** The field of a packet that is compared with numbers. */
    enum Number {
        PROTOCOL,
        SOURCE_PORT,
        DESTINATION_PORT,
        /** The type of an ICMP message in the higher byte, its code in the lower one. */
        ICMP,
        /** What the flow began as. */
        FLOW_PROTOCOL,
        FLOW_DESTINATION_PORT
    }

    /** The field of a packet that is compared with addresses. */
    enum Address {
        SOURCE,
        DESTINATION,
        FLOW_SOURCE,
        FLOW_DESTINATION
    }

    /** The packet's number is one of {@code values}. */
    record Among(Number number, Ranges values) implements Condition {
        static Among of(Number number, Ranges values, boolean not) {
            return new Among(number, not ? values.complement() : values);
        }
    }

    /** The packet's address is from {@code from} to {@code to}, or is not. */
    record Between(Address address, Ip from, Ip to, boolean not) implements Condition {}

    /** One of the packet's ports is one of {@code values}, or none is. */
    record EitherPort(Ranges values, boolean not) implements Condition {}

    /** Of the TCP flags in {@code mask} exactly those in {@code set} are there, or not exactly those. */
    record Flags(int mask, int set, boolean not) implements Condition {}

    /** The interface is of this name, or begins so where {@code prefix}; or it is not. */
    record Interface(boolean incoming, String name, boolean prefix, boolean not) implements Condition {}

    /**
     * What one {@code -m conntrack} asks for.
     *
     * @param states bits of {@link State}; all of them where no state is asked for
     * @param asksState whether a state is asked for: a packet without a flow matches then, whatever else is asked
     * @param original whether the packet's direction may be that of the flow's first packet
     * @param reply whether it may be the other one
     * @param flow what else
     */
    record Tracked(int states, boolean asksState, boolean original, boolean reply, List<Condition> flow)
            implements Condition {}

    /** A limit is exceeded, or is not: which packets that is about, none of them tells. */
    record Limited() implements Condition {}

    /** The state of a packet's flow, as {@code --ctstate} names it. */
    enum State {
        NEW,
        ESTABLISHED,
        RELATED,
        INVALID,
        UNTRACKED;

        int bit() {
            return 1 << ordinal();
        }
    }
}
