package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Explanation;
import dev.openshell.netns.Explanation.Hop;
import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.ruleset.Ip;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the rules of both ends do with a flow's first packet, rule by rule. */
public final class Explainer {
    private static final int SOURCE_PORT = 40000;
    private static final int SYN = 2;

    private final RuleSet rules;
    private final Rulesets loaded;
    private final Set<InetAddress> host;
    private final SandboxPolicy policy;

    /**
     * Makes one for the rules as they are loaded.
     *
     * @param host the host's own addresses beside that of the link
     */
    public Explainer(RuleSet rules, Rulesets loaded, Set<InetAddress> host) {
        this(rules, loaded, host, NetnsSandbox.builder().policy());
    }

    /** Makes one that advises as {@code policy} lets it. */
    public Explainer(RuleSet rules, Rulesets loaded, Set<InetAddress> host, SandboxPolicy policy) {
        this.rules = rules;
        this.loaded = loaded;
        this.host = host;
        this.policy = policy;
    }

    /** Returns the way of {@code flow} to {@code address}, an address of the flow's host. */
    public Explanation.Way way(Flow flow, InetAddress address) {
        Family family = Family.of(address);
        Ends ends = Ends.of(rules, family, loaded);
        VethPair veth = rules.veth();
        long[] packet = packet(ends.space(), flow, address);
        boolean stays = address.isLoopbackAddress()
                || veth.sandboxAddress(family).filter(address::equals).isPresent();
        List<Hop> hops = new ArrayList<>();
        set(ends, packet, "", stays ? "lo" : veth.sandboxInterface());
        boolean passes = hop(ends, "sandbox", "filter OUTPUT", packet, true, hops);
        if (stays) {
            set(ends, packet, "lo", "");
            passes = hop(ends, "sandbox", "filter INPUT", packet, passes, hops);
        } else {
            passes = onHost(ends, address, packet, passes, hops);
        }
        Optional<String> origin = rules.rules(family).stream()
                .filter(rule -> rule.protocol().number() == flow.protocol()
                        && rule.address().equals(address)
                        && flow.port().orElse(-1) == rule.port())
                .map(Rule::origin)
                .findFirst();
        return new Explanation.Way(
                address, passes, hops, passes ? origin : Optional.empty(), passes ? "" : advice(flow, address));
    }

    private boolean onHost(Ends ends, InetAddress address, long[] packet, boolean left, List<Hop> hops) {
        VethPair veth = rules.veth();
        Family family = Family.of(address);
        long kind = packet[Field.KIND];
        packet[Field.KIND] = Kind.INVALID.ordinal();
        set(ends, packet, veth.hostInterface(), "");
        boolean passes = hop(ends, "host", "raw PREROUTING", packet, left, hops);
        packet[Field.KIND] = kind;
        System.arraycopy(packet, Field.DESTINATION, packet, Field.NOW, 3);
        if (hostAddress(address)) {
            return hop(ends, "host", "filter INPUT", packet, passes, hops);
        }
        set(ends, packet, veth.hostInterface(), ends.uplink());
        passes = hop(ends, "host", "filter FORWARD", packet, passes, hops);
        if (passes && veth.network(family).isPresent()) {
            passes = hop(ends, "host", "nat POSTROUTING", packet, true, hops);
        }
        return passes;
    }

    private boolean hostAddress(InetAddress address) {
        return host.contains(address)
                || rules.veth()
                        .hostAddress(Family.of(address))
                        .filter(address::equals)
                        .isPresent();
    }

    private long[] packet(Space space, Flow flow, InetAddress address) {
        long[] packet = new long[Field.COUNT];
        Field.put(packet, Field.DESTINATION, Ip.of(address));
        rules.veth().sandboxAddress(space.family()).ifPresent(own -> Field.put(packet, Field.SOURCE, Ip.of(own)));
        packet[Field.PROTOCOL] = flow.protocol();
        int echo = space.family() == Family.IPV4 ? 8 << 8 : 128 << 8;
        packet[Field.DESTINATION_PORT] =
                flow.protocol() == space.icmp() ? echo : flow.port().orElse(0);
        packet[Field.SOURCE_PORT] = Flow.hasPorts(flow.protocol()) ? SOURCE_PORT : 0;
        packet[Field.FLAGS] = flow.protocol() == Space.TCP ? SYN : 0;
        packet[Field.KIND] = Kind.NEW.ordinal();
        return packet;
    }

    private static void set(Ends ends, long[] packet, String in, String out) {
        packet[Field.IN] = ends.space().interfaceIndex(in);
        packet[Field.OUT] = ends.space().interfaceIndex(out);
    }

    private static boolean hop(Ends ends, String end, String hook, long[] packet, boolean reached, List<Hop> hops) {
        Meaning.Decision decision = ends.at(end, hook).decide(packet);
        hops.add(new Hop(end, hook, Verdicts.shown(decision.verdict()), decision.rule(), reached));
        // In raw the packet goes on where no rule of this project's stops it; elsewhere one has to let it through.
        return reached && Verdicts.passes(decision.verdict());
    }

    private String advice(Flow flow, InetAddress address) {
        return Advice.of(flow, address, rules, hostAddress(address), policy);
    }
}
