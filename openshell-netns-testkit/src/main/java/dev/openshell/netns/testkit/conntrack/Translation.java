package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.CtState;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.packet.Tuple;

/** Rewrites packets as their flow's tuples say (nf_nat_manip_pkt and its kin). */
final class Translation {
    private Translation() {}

    /** Returns whether the packet goes on; {@code source} says which end this hook changes. */
    static boolean apply(Skb skb, Ct ct, boolean source) {
        boolean error = skb.state == CtState.RELATED && skb.header.isIcmp();
        if (error && Icmp.isRedirect(skb.header) && !mayRedirect(ct)) {
            return false;
        }
        if (!(source != skb.reply ? ct.sourceNat : ct.destinationNat)) {
            return true;
        }
        Tuple other = skb.reply ? ct.original : ct.reply;
        Header header = skb.header;
        Header quoted = header.quoted();
        if (error && quoted != null) {
            header = header.withQuoted(rewrite(quoted, other, !source));
        }
        skb.header = rewrite(header, Tuples.inverted(other), source);
        return true;
    }

    /** A redirect names a router to its receiver, which is wrong for any flow that NAT changes. */
    private static boolean mayRedirect(Ct ct) {
        return ct.sourceNatDone && ct.destinationNatDone && !ct.sourceNat && !ct.destinationNat;
    }

    private static Header rewrite(Header header, Tuple target, boolean source) {
        boolean ports = Tuples.hasPorts(header.protocol());
        Header result = source
                ? header.withEnds(
                        target.source(),
                        ports ? target.sourcePort() : header.sourcePort(),
                        header.destination(),
                        header.destinationPort())
                : header.withEnds(
                        header.source(),
                        header.sourcePort(),
                        target.destination(),
                        ports ? target.destinationPort() : header.destinationPort());
        return header.isIcmp() && Icmp.hasIdentifier(header) ? result.withIcmpId(target.sourcePort()) : result;
    }
}
