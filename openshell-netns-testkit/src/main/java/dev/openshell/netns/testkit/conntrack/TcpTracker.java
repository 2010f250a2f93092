package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.testkit.conntrack.TcpState.Segment;
import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Header;
import java.util.Set;

/**
 * The TCP tracker (nf_conntrack_proto_tcp). It keeps no sequence numbers: each segment is taken to be in its window
 * and to acknowledge what the other side sent last.
 */
final class TcpTracker {
    private static final TcpState[] STATES = TcpState.values();
    private static final Segment[] SEGMENTS = Segment.values();
    private static final int ALWAYS_VALID = Header.PSH | 64 | 128;
    private static final Set<Integer> VALID = Set.of(
            Header.SYN,
            Header.SYN | Header.URG,
            Header.SYN | Header.ACK,
            Header.RST,
            Header.RST | Header.ACK,
            Header.FIN | Header.ACK,
            Header.FIN | Header.ACK | Header.URG,
            Header.ACK,
            Header.ACK | Header.URG);

    /** What is to become of a packet. */
    enum Verdict {
        ACCEPT,
        INVALID,
        /** The flow is gone: look again, so that a new one starts. */
        REPEAT
    }

    private final Settings settings;
    private final FlowTable table;

    TcpTracker(Settings settings, FlowTable table) {
        this.settings = settings;
        this.table = table;
    }

    Verdict packet(Ct ct, Header header, boolean reply) {
        if (!VALID.contains(header.tcpFlags() & ~ALWAYS_VALID)) {
            return Verdict.INVALID;
        }
        Segment segment = Segment.of(header.tcpFlags());
        if (!ct.confirmed && !begin(ct, segment)) {
            return Verdict.INVALID;
        }
        TcpState old = STATES[ct.tcpState];
        TcpState next = old.after(segment, reply);
        switch (next) {
            case INVALID:
                return Verdict.INVALID;
            case SYN_SENT:
                if (old.compareTo(TcpState.TIME_WAIT) < 0) {
                    break;
                }
                if (ct.closeInit || ct.lastReply == reply && last(ct) == Segment.RST) {
                    table.remove(ct);
                    return Verdict.REPEAT;
                }
                ignore(ct, segment, reply, old);
                return Verdict.ACCEPT;
            case IGNORE:
                if (segment != Segment.SYN_ACK || last(ct) != Segment.SYN || ct.lastReply == reply) {
                    ignore(ct, segment, reply, old);
                    return Verdict.ACCEPT;
                }
                // Both ends agree on a SYN that was ignored here: follow them.
                old = TcpState.SYN_SENT;
                next = TcpState.SYN_RECV;
                ct.closeInit = false;
                ct.challengeAck = false;
                break;
            case TIME_WAIT:
                if (isChallengeAck(ct, segment, reply, old)) {
                    ct.challengeAck = false;
                    return Verdict.ACCEPT;
                }
                break;
            case SYN_SENT2:
                ct.simultaneousOpen = true;
                break;
            case SYN_RECV:
                if (reply && segment == Segment.ACK && ct.simultaneousOpen) {
                    next = TcpState.ESTABLISHED;
                }
                break;
            default:
                break;
        }
        move(ct, segment, reply, old, next);
        return Verdict.ACCEPT;
    }

    private boolean begin(Ct ct, Segment segment) {
        TcpState first = TcpState.NONE.after(segment, false);
        ct.tcpState = TcpState.NONE.ordinal();
        ct.lastIndex = Segment.NONE.ordinal();
        return first == TcpState.SYN_SENT || first == TcpState.ESTABLISHED && settings.tcpLoose();
    }

    /** After an ignored SYN in LAST_ACK an ACK may answer that SYN, not the FIN (RFC 5961). */
    private static boolean isChallengeAck(Ct ct, Segment segment, boolean reply, TcpState old) {
        return old == TcpState.LAST_ACK
                && segment == Segment.ACK
                && ct.lastReply != reply
                && last(ct) == Segment.SYN
                && ct.challengeAck;
    }

    private static void ignore(Ct ct, Segment segment, boolean reply, TcpState old) {
        ct.lastIndex = segment.ordinal();
        ct.lastReply = reply;
        if (segment == Segment.SYN && !reply) {
            ct.simultaneousOpen = false;
            ct.challengeAck = old == TcpState.LAST_ACK;
        }
    }

    private void move(Ct ct, Segment segment, boolean reply, TcpState old, TcpState next) {
        ct.lastIndex = segment.ordinal();
        ct.lastReply = reply;
        ct.tcpState = next.ordinal();
        if (old != next && next == TcpState.FIN_WAIT) {
            ct.closeInit = true;
        }
        if (!ct.seenReply) {
            if (segment == Segment.RST) {
                table.remove(ct);
            }
        } else if (next == TcpState.ESTABLISHED && (old == TcpState.SYN_RECV || old == TcpState.ESTABLISHED)) {
            ct.assured = true;
        }
    }

    private static Segment last(Ct ct) {
        return SEGMENTS[ct.lastIndex];
    }
}
