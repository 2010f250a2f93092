package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.conntrack.Conntrack;
import dev.openshell.netns.testkit.conntrack.Settings;
import dev.openshell.netns.testkit.conntrack.Tuples;
import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.CtState;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Prefixed;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.packet.Tuple;
import dev.openshell.netns.testkit.path.Netfilter;
import dev.openshell.netns.testkit.path.Step;
import dev.openshell.netns.testkit.ruleset.Hook;
import dev.openshell.netns.testkit.ruleset.Outcome;
import dev.openshell.netns.testkit.ruleset.RuleProblem;
import dev.openshell.netns.testkit.ruleset.Ruleset;
import dev.openshell.netns.testkit.ruleset.SetContents;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Asks a ruleset alone what it does with a packet, without a machine around it: one hook at a time, all tables that
 * have a chain there, in the kernel's order. The packet says by which interfaces it comes and goes and in which state
 * its flow is.
 *
 * <pre>{@code
 * RulesetTracer tracer = RulesetTracer.parse(Family.IPV4, """
 *         *filter
 *         :FORWARD DROP [0:0]
 *         -A FORWARD -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT
 *         COMMIT
 *         """);
 * Trace trace = tracer.forward(Packet.tcp("10.200.0.2", 40000, "203.0.113.10", 443));
 * trace.verdict();   // ACCEPT
 * trace.rules();     // [-A FORWARD -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT]
 * }</pre>
 *
 * <p>A packet without an incoming or outgoing interface matches {@code -i +} and every negated {@code -i}, as in
 * Linux where there is none. What a packet's flow is under already, NAT of an earlier hook, the packet says itself: hand
 * {@link Trace#packet()} on from {@link #prerouting} to {@link #forward} with the outgoing interface set, and so on.
 *
 * <p>Known are the matches tcp, udp, sctp, dccp, icmp, icmp6, multiport, conntrack, state, mark, connmark, addrtype,
 * iprange, limit, connlimit, hashlimit, owner, physdev (no packet here crosses a bridge), set and comment, and the
 * targets ACCEPT, DROP, RETURN, REJECT, LOG, NFLOG, MARK, CONNMARK, SNAT, DNAT, MASQUERADE, REDIRECT, NOTRACK, CT
 * --notrack and user chains.
 * A rule means what iptables(8) says, without the peculiarities of either variant.
 *
 * <p>Tracing throws {@link UnsupportedRuleException} for a set that was not given, and IllegalArgumentException for a
 * packet of the other family. Rate limits keep their state between calls; the {@code with} methods return a tracer that
 * shares it. To {@code connlimit} there is no flow but the packet's own. Not safe for use by several threads at once.
 *
 * @since 0.1
 */
public final class RulesetTracer {
    private static final Settings SETTINGS = new Settings() {
        @Override
        public boolean tcpLoose() {
            return true;
        }

        @Override
        public boolean tcpLiberal() {
            return false;
        }
    };

    private final Family family;
    private final Ruleset ruleset;
    private final TracerView world;

    private RulesetTracer(Family family, Ruleset ruleset, TracerView world) {
        this.family = family;
        this.ruleset = ruleset;
        this.world = world;
    }

    /**
     * Reads {@code restoreText}, input for iptables-restore or ip6tables-restore, or what their save prints.
     *
     * @throws UnsupportedRuleException naming the word and the line that iptables-restore would refuse or that is not
     *     known here; nothing is ever ignored
     */
    public static RulesetTracer parse(Family family, String restoreText) {
        // Neither variant's peculiarities: what a rule says is what it means.
        Ruleset ruleset = new Ruleset(family, IptablesVariant.AUTO);
        try {
            ruleset.restore(restoreText, false);
        } catch (RuleProblem e) {
            throw new UnsupportedRuleException(e);
        }
        return new RulesetTracer(
                family, ruleset, new TracerView(Map.of(), Set.of(), SetContents.none(), InstantSource.system()));
    }

    /**
     * Returns a tracer that knows the ipsets which {@code ipsetSave} makes, as {@code ipset save} prints them: of the
     * hash types of ip, net, port and iface, {@code bitmap:ip}, {@code bitmap:port} and {@code list:set}. A rule that
     * asks for a set which was not given makes tracing fail.
     *
     * @throws UnsupportedRuleException for a type or a member that is not known here
     */
    public RulesetTracer withSets(String ipsetSave) {
        try {
            return new RulesetTracer(
                    family,
                    ruleset,
                    new TracerView(world.addresses(), world.broadcasts(), SetContents.parse(ipsetSave), world.clock()));
        } catch (RuleProblem e) {
            throw new UnsupportedRuleException(e);
        }
    }

    /** Returns a tracer whose rate limits go by {@code clock}; without it they go by the system's. */
    public RulesetTracer withClock(InstantSource clock) {
        return new RulesetTracer(
                family,
                ruleset,
                new TracerView(
                        world.addresses(),
                        world.broadcasts(),
                        world.contents(),
                        Objects.requireNonNull(clock, "clock")));
    }

    /**
     * Returns a tracer of a host that has {@code address} on {@code link}: it is LOCAL to {@code addrtype}, and what
     * MASQUERADE and REDIRECT take. Without any, MASQUERADE and REDIRECT leave the packet's addresses as they are.
     * Written with its prefix length, {@code 198.51.100.2/24}, it brings its network's broadcast address along.
     */
    public RulesetTracer withAddress(String link, String address) {
        Prefixed own = Prefixed.parse(address);
        Map<Ip, String> more = new LinkedHashMap<>(world.addresses());
        more.put(own.ip(), Objects.requireNonNull(link, "link"));
        Set<Ip> broadcasts = new HashSet<>(world.broadcasts());
        if (own.ip().family() == Family.IPV4 && own.prefix() < 31) {
            broadcasts.add(own.network().plus((1L << 32 - own.prefix()) - 1));
        }
        return new RulesetTracer(family, ruleset, new TracerView(more, broadcasts, world.contents(), world.clock()));
    }

    /** Returns what the PREROUTING chains of raw, mangle and nat do with {@code packet}. */
    public Trace prerouting(Packet packet) {
        return run(Hook.PREROUTING, packet);
    }

    /** Returns what the INPUT chains of mangle, filter, security and nat do with {@code packet}. */
    public Trace input(Packet packet) {
        return run(Hook.INPUT, packet);
    }

    /** Returns what the FORWARD chains of mangle, filter and security do with {@code packet}. */
    public Trace forward(Packet packet) {
        return run(Hook.FORWARD, packet);
    }

    /** Returns what the OUTPUT chains of raw, mangle, nat, filter and security do with {@code packet}. */
    public Trace output(Packet packet) {
        return run(Hook.OUTPUT, packet);
    }

    /** Returns what the POSTROUTING chains of mangle and nat do with {@code packet}. */
    public Trace postrouting(Packet packet) {
        return run(Hook.POSTROUTING, packet);
    }

    private Trace run(Hook hook, Packet packet) {
        if (packet.family() != family) {
            throw new IllegalArgumentException(packet + " is not of " + family);
        }
        try {
            return traced(hook, packet);
        } catch (RuleProblem e) {
            throw new UnsupportedRuleException(e);
        }
    }

    private Trace traced(Hook hook, Packet packet) {
        Skb skb = new Skb(packet.header());
        skb.in = packet.inInterface();
        skb.out = packet.outInterface();
        skb.mark = packet.mark();
        skb.user = packet.meta().user;
        skb.group = packet.meta().group;
        boolean first = hook == Hook.PREROUTING || hook == Hook.OUTPUT;
        if (!first) {
            flow(skb, packet);
        }
        Netfilter netfilter = new Netfilter(
                none -> List.of(),
                new Conntrack(SETTINGS),
                List.of(ruleset),
                world,
                0,
                masqueraded -> Optional.of(world.of(skb.out, family).orElse(skb.header.source())),
                redirected -> Optional.of(redirect(skb)));
        List<Step> steps = new ArrayList<>();
        Outcome outcome = netfilter.run(hook, skb, steps::add, tracked -> flow(tracked, packet));
        Packet after = packet.with(skb.header).with(meta -> {
            meta.mark = skb.mark;
            meta.connMark = skb.ct == null ? meta.connMark : skb.ct.mark;
            meta.state = ConnState.valueOf(skb.state.name());
        });
        if (outcome instanceof Outcome.Reject reject) {
            return Trace.of(Trace.Ending.REJECTED, steps, after, reject.with());
        }
        return Trace.of(outcome == Outcome.DROP ? Trace.Ending.DROPPED : Trace.Ending.PASSED, steps, after, "");
    }

    private Ip redirect(Skb skb) {
        if (skb.in.isEmpty()) {
            return Ip.parse(family == Family.IPV4 ? "127.0.0.1" : "::1");
        }
        return world.of(skb.in, family).orElse(skb.header.destination());
    }

    /** Gives the packet the flow that it says it belongs to. */
    private static void flow(Skb skb, Packet packet) {
        if (skb.untracked || packet.state() == ConnState.UNTRACKED) {
            skb.state = CtState.UNTRACKED;
            return;
        }
        skb.state = CtState.valueOf(packet.state().name());
        skb.reply = packet.meta().reply;
        if (packet.state() != ConnState.INVALID) {
            skb.ct = ct(packet);
        }
    }

    private static @Nullable Ct ct(Packet packet) {
        Header header = packet.header();
        Header about = packet.state() == ConnState.RELATED && header.quoted() != null ? header.quoted() : header;
        Tuple seen = Tuples.of(about);
        Tuple other = seen == null ? null : Tuples.invert(seen);
        if (seen == null || other == null) {
            return null;
        }
        PacketMeta meta = packet.meta();
        // An error goes against what it quotes: one in the reply's direction quotes the flow's own packet.
        boolean answer = about != header ? !meta.reply : meta.reply;
        Tuple untranslated = answer ? other : seen;
        Tuple original = about != header
                ? untranslated
                : new Tuple(
                        untranslated.source(),
                        meta.originalDestination,
                        untranslated.protocol(),
                        untranslated.sourcePort(),
                        Header.hasPorts(header.protocol()) ? meta.originalPort : untranslated.destinationPort());
        Ct ct = new Ct(original, answer ? seen : other);
        ct.mark = meta.connMark;
        ct.seenReply = meta.reply || packet.state() == ConnState.ESTABLISHED;
        ct.confirmed = ct.seenReply;
        ct.destinationNat = !original.equals(untranslated);
        return ct;
    }
}
