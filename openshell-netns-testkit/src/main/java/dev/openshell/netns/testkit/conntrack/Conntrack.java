package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.conntrack.TcpTracker.Verdict;
import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.CtState;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.NatRange;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.packet.Tuple;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Connection tracking and NAT of one namespace. What differs from Linux: no time passes, so that no flow expires and
 * UDP is never assured; no sequence numbers are kept; SCTP is tracked as any protocol with ports; no helpers, zones,
 * labels or templates; no table limit; a masqueraded flow whose packets change their interface lives on; where Linux
 * picks at random, the first address and the lowest free port are taken.
 */
public final class Conntrack {
    private static final int GRE = 47;
    private static final Ip LINK_LOCAL = Ip.parse("fe80::");
    private static final Ip LINK_LOCAL_MASK = Ip.mask(Family.IPV6, 10);

    private final FlowTable table = new FlowTable();
    private final TcpTracker tcp;
    private final NatBinding nat;

    public Conntrack(Settings settings) {
        tcp = new TcpTracker(settings, table);
        nat = new NatBinding(table);
    }

    /**
     * Finds or makes the flow of a packet that enters PREROUTING or OUTPUT, and sets its state (nf_conntrack_in). A
     * packet that has its flow already keeps it; a flow made here is in the table after {@link #confirm}.
     */
    public void track(Skb skb) {
        if (skb.ct != null) {
            return;
        }
        Header header = skb.header;
        skb.reply = false;
        skb.state = CtState.INVALID;
        if (skb.untracked || header.isIcmp() && Icmp.isUntracked(header)) {
            skb.state = CtState.UNTRACKED;
        } else if (header.isIcmp() && Icmp.isError(header)) {
            relate(skb);
        } else if (!(header.isIcmp() && Icmp.isUnknown(header)) && !isBrokenUdpLite(skb)) {
            Tuple tuple = Tuples.of(header);
            while (tuple != null && resolve(skb, tuple) == Verdict.REPEAT) {
                // The old flow is gone, so that the next turn makes a new one.
            }
        }
    }

    /** Linux checks the checksum of what comes in as if it were UDP, and so finds that of UDP-Lite wrong. */
    private static boolean isBrokenUdpLite(Skb skb) {
        return skb.header.protocol() == Header.UDPLITE && !skb.in.isEmpty();
    }

    private Verdict resolve(Skb skb, Tuple tuple) {
        Ct ct = table.find(tuple);
        boolean reply = ct != null && tuple.equals(ct.reply);
        if (ct == null) {
            Tuple answer = Tuples.invert(tuple);
            if (answer == null) {
                return Verdict.INVALID;
            }
            ct = new Ct(tuple, answer);
        }
        CtState state = reply || ct.seenReply ? CtState.ESTABLISHED : CtState.NEW;
        Verdict verdict = packet(ct, skb.header, reply);
        if (verdict == Verdict.ACCEPT) {
            skb.ct = ct;
            skb.reply = reply;
            skb.state = state;
            ct.seenReply |= reply;
        }
        return verdict;
    }

    private Verdict packet(Ct ct, Header header, boolean reply) {
        switch (header.protocol()) {
            case Header.TCP:
                return tcp.packet(ct, header, reply);
            case Header.ICMP, Header.ICMPV6:
                int first = ct.original.destinationPort() >>> 8;
                return Icmp.startsFlow(header.family(), first) ? Verdict.ACCEPT : Verdict.INVALID;
            case GRE, Header.UDPLITE:
                ct.assured |= ct.seenReply;
                return Verdict.ACCEPT;
            default:
                return Verdict.ACCEPT;
        }
    }

    /** Finds the flow of the packet that an error quotes (nf_conntrack_inet_error). */
    private void relate(Skb skb) {
        Header header = skb.header;
        boolean ndisc = header.family() == Family.IPV6 && Icmp.isRedirect(header);
        if (header.quoted() == null || ndisc && !header.source().in(LINK_LOCAL, LINK_LOCAL_MASK)) {
            return;
        }
        Tuple quoted = Tuples.of(header.quoted());
        Tuple inverted = quoted == null ? null : Tuples.invert(quoted);
        Ct ct = inverted == null ? null : table.find(inverted);
        // An error goes to whoever sent what it quotes, and to nobody else.
        if (ct != null && inverted != null && inverted.destination().equals(header.destination())) {
            skb.ct = ct;
            skb.reply = inverted.equals(ct.reply);
            skb.state = CtState.RELATED;
        }
    }

    /**
     * Puts a new flow into the table, at the end of POSTROUTING or INPUT (nf_confirm). Returns false where the packet
     * is dropped, since another flow has one of its tuples.
     */
    public boolean confirm(Skb skb) {
        Ct ct = skb.ct;
        if (ct == null || ct.confirmed || skb.reply) {
            return true;
        }
        Ct same = table.find(ct.original);
        if (same == null && table.find(ct.reply) == null) {
            ct.confirmed = true;
            table.add(ct);
            return true;
        }
        if (ct.original.protocol() == Header.TCP || same == null) {
            return false;
        }
        if (same.original.equals(ct.original) && same.reply.equals(ct.reply)) {
            skb.ct = same;
            return true;
        }
        throw new UnsupportedOperationException("two new flows " + ct.original + " with different answers");
    }

    /**
     * Ties a packet that the kernel makes because of another one to that one's flow, in the other direction
     * (nf_ct_attach): REJECT's answers and every ICMP error. Where {@code cause} has none, {@link #track} decides. A
     * TCP reset closes the flow (nf_ct_set_closing).
     */
    public void attach(Skb answer, Skb cause) {
        Ct ct = cause.ct;
        if (ct == null) {
            answer.answersUntracked = cause.state == CtState.UNTRACKED;
            return;
        }
        answer.ct = ct;
        answer.reply = !cause.reply;
        answer.state = CtState.RELATED;
        if (ct.confirmed && answer.header.protocol() == Header.TCP) {
            ct.tcpState = TcpState.CLOSE.ordinal();
        }
    }

    /**
     * Returns whether the nat table is to be asked about this packet at a hook that changes the source (POSTROUTING,
     * INPUT) or the destination (PREROUTING, OUTPUT). When it was, {@link #setUp} must follow, and then {@link
     * #translate} in any case.
     */
    public boolean needsNatRules(Skb skb, boolean source) {
        Ct ct = skb.ct;
        return ct != null
                && (skb.state == CtState.NEW || skb.state == CtState.RELATED && !skb.header.isIcmp())
                && !(source ? ct.sourceNatDone : ct.destinationNatDone);
    }

    /** Binds one end of the packet's flow (nf_nat_setup_info); {@code range} is null where no rule matched. */
    public void setUp(Skb skb, boolean source, @Nullable NatRange range) {
        Ct ct = skb.ct;
        if (ct == null) {
            throw new IllegalStateException("NAT of a packet without a flow");
        }
        if (ct.confirmed) {
            return;
        }
        if (source ? ct.sourceNatDone : ct.destinationNatDone) {
            throw new IllegalStateException("NAT of a flow that is bound already");
        }
        nat.bind(ct, source, range);
    }

    /**
     * Rewrites the packet as its flow wants it at this hook (nf_nat_packet), and what an ICMP error quotes. Returns
     * false where it is dropped: a redirect about a translated flow.
     */
    public boolean translate(Skb skb, boolean source) {
        return skb.ct == null || Translation.apply(skb, skb.ct, source);
    }

    /** Returns the flow that has {@code tuple} in one of its directions. */
    public Optional<Ct> find(Tuple tuple) {
        return Optional.ofNullable(table.find(tuple));
    }

    /** Returns the confirmed flows, the oldest first. */
    public List<Ct> flows() {
        return table.flows();
    }

    /** Forgets the flows that {@code which} holds for, and returns how many they were. */
    public int delete(Predicate<Ct> which) {
        List<Ct> gone = table.flows().stream().filter(which).toList();
        gone.forEach(table::remove);
        return gone.size();
    }

    /** Forgets all flows. */
    public void clear() {
        delete(ct -> true);
    }
}
