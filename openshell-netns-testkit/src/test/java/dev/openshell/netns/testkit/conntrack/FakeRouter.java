package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.NatRange;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A router that has nothing but connection tracking and a nat table; the twin of {@link RealRouter}. */
final class FakeRouter {
    /** A rule of the nat table: SNAT in POSTROUTING or DNAT in PREROUTING. */
    record Rule(boolean source, Predicate<Header> match, NatRange range) {}

    final Conntrack conntrack;
    private static final int REJECTED_PORT = 2002;

    private final List<Rule> rules;
    private final boolean rejecting;

    FakeRouter(List<Rule> rules) {
        this(rules, true, false);
    }

    /** {@code rejecting}: FORWARD has {@link NatRules#rejects}. */
    FakeRouter(List<Rule> rules, boolean loose, boolean rejecting) {
        this.rules = rules;
        this.rejecting = rejecting;
        conntrack = new Conntrack(new Settings() {
            @Override
            public boolean tcpLoose() {
                return loose;
            }

            @Override
            public boolean tcpLiberal() {
                return true;
            }
        });
    }

    /** Returns the packet as it leaves, or what REJECT answers; null where it is dropped. */
    @Nullable
    Skb forward(Header header) {
        Skb skb = new Skb(header);
        conntrack.track(skb);
        if (!nat(skb, false)) {
            return null;
        }
        boolean ports = skb.header.protocol() == Header.TCP || skb.header.protocol() == Header.UDP;
        if (rejecting && ports && skb.header.destinationPort() == REJECTED_PORT) {
            return reject(skb);
        }
        return nat(skb, true) && conntrack.confirm(skb) ? skb : null;
    }

    private @Nullable Skb reject(Skb cause) {
        Header header = cause.header;
        int flags = header.tcpFlags();
        if ((flags & Header.RST) != 0) {
            return null;
        }
        Ip router = Traffic.host(header.family(), Traffic.side(header.source()), 1);
        Skb answer = new Skb(
                header.protocol() == Header.TCP
                        ? Header.ports(
                                header.destination(),
                                header.destinationPort(),
                                header.source(),
                                header.sourcePort(),
                                Header.TCP,
                                (flags & Header.ACK) != 0 ? Header.RST : Header.RST | Header.ACK)
                        : header.family() == Family.IPV4
                                ? Header.icmp(router, header.source(), 3, 3, 0, header)
                                : Header.icmp(router, header.source(), 1, 4, 0, header));
        conntrack.attach(answer, cause);
        conntrack.track(answer);
        return nat(answer, false) && nat(answer, true) && conntrack.confirm(answer) ? answer : null;
    }

    /** Runs one nat hook. */
    boolean nat(Skb skb, boolean source) {
        if (conntrack.needsNatRules(skb, source)) {
            conntrack.setUp(
                    skb,
                    source,
                    rules.stream()
                            .filter(rule ->
                                    rule.source() == source && rule.match().test(skb.header))
                            .map(Rule::range)
                            .findFirst()
                            .orElse(null));
        }
        return conntrack.translate(skb, source);
    }

    /** Returns what {@link RealRouter} writes into the TOS. */
    static int bits(Skb skb) {
        int state =
                switch (skb.state) {
                    case INVALID -> RealRouter.INVALID;
                    case ESTABLISHED -> RealRouter.ESTABLISHED;
                    case RELATED -> RealRouter.RELATED;
                    case NEW -> RealRouter.NEW;
                    case UNTRACKED -> RealRouter.UNTRACKED;
                };
        boolean assured = skb.ct != null && skb.ct.assured;
        boolean seen = skb.ct != null && skb.ct.seenReply;
        return state
                | (skb.reply ? RealRouter.REPLY : 0)
                | (assured ? RealRouter.ASSURED : 0)
                | (seen ? RealRouter.SEEN_REPLY : 0);
    }
}
