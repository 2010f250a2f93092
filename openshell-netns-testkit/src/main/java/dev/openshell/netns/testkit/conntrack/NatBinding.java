package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.NatRange;
import dev.openshell.netns.testkit.packet.Tuple;
import org.jspecify.annotations.Nullable;

/**
 * Chooses what a flow becomes, so that its answers can be told from all others' (get_unique_tuple). Where Linux picks
 * at random this takes the first address and the lowest free port.
 */
final class NatBinding {
    private static final int GRE = 47;

    private final FlowTable table;

    NatBinding(FlowTable table) {
        this.table = table;
    }

    /** Binds one end of a flow that is not confirmed yet; without a range it stays as it is if it can. */
    void bind(Ct ct, boolean source, @Nullable NatRange given) {
        Tuple current = Tuples.inverted(ct.reply);
        NatRange range = given != null ? given : NatRange.of(source ? current.source() : current.destination());
        Tuple chosen = choose(ct, current, source, range);
        boolean changed = !chosen.equals(current);
        if (changed) {
            ct.reply = Tuples.inverted(chosen);
        }
        if (source) {
            ct.sourceNat |= changed;
            ct.sourceNatDone = true;
        } else {
            ct.destinationNat |= changed;
            ct.destinationNatDone = true;
        }
    }

    private Tuple choose(Ct ct, Tuple current, boolean source, NatRange range) {
        if (source && !range.random()) {
            Tuple same = inRange(current, true, range) ? current : mappedBefore(current, range);
            if (same != null && !isTaken(same, ct)) {
                return same;
            }
        }
        Ip address = range.minAddress();
        Tuple moved = address == null ? current : Tuples.withAddress(current, source, address);
        if (!range.random()) {
            boolean keep = range.hasPorts()
                    ? keyInRange(moved, source, range) && (range.lowest() == range.highest() || !isTaken(moved, ct))
                    : !isTaken(moved, ct);
            if (keep) {
                return moved;
            }
        }
        return withFreeKey(ct, moved, source, range);
    }

    /** A source that is mapped already is mapped likewise for other destinations, where the range allows it. */
    private @Nullable Tuple mappedBefore(Tuple current, NatRange range) {
        for (Ct other : table.from(current)) {
            if (other.sourceNatDone) {
                Tuple mapped = Tuples.inverted(other.reply);
                Tuple candidate =
                        Tuples.withKey(Tuples.withAddress(current, true, mapped.source()), true, mapped.sourcePort());
                if (inRange(candidate, true, range)) {
                    return candidate;
                }
            }
        }
        return null;
    }

    private Tuple withFreeKey(Ct ct, Tuple moved, boolean source, NatRange range) {
        int protocol = moved.protocol();
        boolean icmp = Tuples.isIcmp(protocol);
        boolean fixed = !icmp && !Tuples.hasPorts(protocol) || !icmp && !source && !range.hasPorts();
        if (fixed) {
            return moved;
        }
        int key = Tuples.key(moved, source);
        int lowest = range.hasPorts() ? range.lowest() : icmp ? 0 : key < 512 ? 1 : key < 1024 ? 600 : 1024;
        int highest = range.hasPorts() ? range.highest() : icmp || key >= 1024 ? 0xffff : key < 512 ? 511 : 1023;
        ct.drawn |= lowest != highest;
        for (boolean evict : new boolean[] {false, true}) {
            for (int candidate = lowest; candidate <= highest; candidate++) {
                Tuple tuple = Tuples.withKey(moved, source, candidate);
                if (!isTaken(tuple, ct) || evict && evict(tuple, ct)) {
                    return tuple;
                }
            }
        }
        // Nothing is free: it goes on with a tuple that confirm() will refuse.
        return Tuples.withKey(moved, source, highest);
    }

    /**
     * A new TCP flow pushes a closing one of a translated source aside before it is refused. Linux wants its sequence
     * number to be higher than the old flow's, which it is taken to be.
     */
    private boolean evict(Tuple tuple, Ct ct) {
        Tuple reply = Tuples.inverted(tuple);
        Ct other = table.find(reply);
        boolean closing = other != null
                && ct.original.protocol() == Header.TCP
                && ct.tcpState == TcpState.SYN_SENT.ordinal()
                && other.reply.equals(reply)
                && other.sourceNat
                && other.tcpState >= TcpState.TIME_WAIT.ordinal();
        if (closing) {
            table.remove(other);
        }
        return closing;
    }

    private boolean isTaken(Tuple tuple, Ct ct) {
        Ct other = table.find(Tuples.inverted(tuple));
        return other != null && other != ct && !other.original.equals(ct.original);
    }

    private static boolean inRange(Tuple tuple, boolean source, NatRange range) {
        return range.hasAddress(source ? tuple.source() : tuple.destination())
                && (!range.hasPorts() || keyInRange(tuple, source, range));
    }

    private static boolean keyInRange(Tuple tuple, boolean source, NatRange range) {
        int protocol = tuple.protocol();
        if (!Tuples.isIcmp(protocol) && !Tuples.hasPorts(protocol) && protocol != GRE) {
            return true;
        }
        int key = Tuples.key(tuple, source);
        return range.minPort() <= key && key <= range.maxPort();
    }
}
