package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Cidr;
import dev.openshell.netns.Counterexample;
import dev.openshell.netns.Explanation;
import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.Verified;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.RestoreLines;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Diagrams;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.diagram.TooManyRegionsException;
import dev.openshell.netns.linux.ruleset.Chain;
import dev.openshell.netns.linux.ruleset.Ip;
import dev.openshell.netns.linux.ruleset.Ruleset;
import dev.openshell.netns.linux.ruleset.UnknownTokenException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Rules from elsewhere, as iptables-save prints them, asked of one chain of table filter and those it jumps to; what
 * other tables do is not looked at. A flow gets through where its first packet, of TCP a SYN, is accepted from some
 * source, on some interfaces but loopback. Too much is admitted where any packet that belongs to no flow is (NEW, INVALID
 * or UNTRACKED). What falls through a chain that is not built in is not accepted by it. What limits drop or reject is not
 * looked at, as in {@link Proof}.
 */
public final class ForeignRules {
    private static final String TABLE = "filter";
    private static final String REMEDY = "leave it out of the rules that are asked, or ask another chain";
    private static final VethPair LINK = VethPair.builder()
            .hostInterface(VethPair.HOST_PREFIX + "plan")
            .network(Cidr.parse("10.200.0.0/30"))
            .build();

    /** The port is the last one. */
    private static final List<Integer> FLOW_FIELDS =
            List.of(Field.DESTINATION, Field.low(Field.DESTINATION), Field.PROTOCOL, Field.DESTINATION_PORT);

    private final Family family;
    private final String chain;
    private final Space space;
    private final Diagrams diagrams;
    private final Meaning meaning;
    private final Diagram packets;
    /** 1 for those that can be the first of a flow. */
    private final Diagram first;
    /** 1 for the packets that are accepted. */
    private final Diagram accepted;
    /** The same, of destination, port and protocol alone. */
    private final Diagram flows;

    private final long regions;

    private ForeignRules(Family family, Ruleset ruleset, String chain) {
        this.family = family;
        this.chain = chain;
        Set<String> names = Ends.names(ruleset);
        names.add(Ends.unused("eth", names));
        this.space = new Space(family, names);
        this.diagrams = space.diagrams();
        this.meaning = new Meaning(ruleset, TABLE, space, false, new Verdicts());
        // What a program sends has come in by no interface, and what is for one goes out by none.
        Diagram elsewhere =
                space.and(elsewhere(Field.OUT, chain.equals("INPUT")), elsewhere(Field.IN, chain.equals("OUTPUT")));
        Diagram apart = space.where(Field.KIND, Kind.among(Kind.NEW).or(Kind.NO_FLOW));
        this.packets = space.and(space.and(space.and(space.packets(false), elsewhere), apart), requests());
        this.first = space.and(packets, Expected.first(space));
        boolean builtIn =
                !ruleset.chain(TABLE, chain).map(Chain::policy).orElseThrow().equals("-");
        Diagram verdicts = builtIn ? meaning.hook(chain, packets) : meaning.of(chain, packets);
        this.regions = diagrams.regions(verdicts);
        this.accepted = space.and(diagrams.test(verdicts, verdict -> verdict == Verdicts.ACCEPT), packets);
        this.flows = projected(accepted);
    }

    /**
     * Reads {@code savedText}.
     *
     * @throws IllegalArgumentException where it has no table filter, or that has no such chain
     * @throws VerificationException where a rule that can be reached has a word whose meaning is not known
     */
    public static ForeignRules parse(Family family, String savedText, String chain) {
        Ruleset ruleset = new Ruleset(family);
        try {
            for (String line : RestoreLines.of(savedText)) {
                if (line.indexOf('\n') >= 0) {
                    // iptables-save prints it so, and iptables-restore takes what stands behind it for rules.
                    throw new UnknownTokenException("--comment", "a comment with a line break");
                }
            }
            ruleset.load(savedText, false);
            if (!ruleset.has(TABLE)) {
                throw new IllegalArgumentException("the rules have no table filter; give what "
                        + (family == Family.IPV4 ? "iptables-save" : "ip6tables-save") + " prints");
            }
            if (ruleset.chain(TABLE, chain).isEmpty()) {
                throw new IllegalArgumentException(
                        "table filter has no chain '" + chain + "'; it has " + ruleset.chains(TABLE));
            }
            return new ForeignRules(family, ruleset, chain);
        } catch (UnknownTokenException e) {
            throw VerificationException.unknown(place(family, chain), e.token(), e.line(), REMEDY);
        } catch (TooManyRegionsException e) {
            throw VerificationException.unknown(place(family, chain), "regions", e.getMessage(), REMEDY);
        }
    }

    /** A flow of ICMP begins with a request (valid_new in nf_conntrack_proto_icmp.c and its twin of IPv6). */
    private Diagram requests() {
        Ranges types = Ranges.none();
        for (int type : family == Family.IPV4 ? List.of(8, 13, 15, 17) : List.of(128, 139)) {
            types = types.or(Ranges.of(type << 8, type << 8 | 255));
        }
        Diagram begun = space.and(
                space.where(Field.PROTOCOL, Ranges.of(space.icmp())), space.where(Field.KIND, Kind.among(Kind.NEW)));
        return space.or(space.not(begun), space.where(Field.DESTINATION_PORT, types));
    }

    private static String place(Family family, String chain) {
        return Obligation.place("", family, TABLE + " " + chain);
    }

    private Diagram elsewhere(int field, boolean nowhere) {
        return nowhere
                ? space.where(field, space.interfaces("", false))
                : space.not(space.where(field, space.interfaces("lo", false)));
    }

    private Diagram projected(Diagram diagram) {
        int others = (1 << Field.COUNT) - 1;
        for (int kept : FLOW_FIELDS) {
            others &= ~(1 << kept);
        }
        return diagrams.exists(diagram, others);
    }

    /** Returns what the chain admits, a line for each region such as {@code tcp:203.0.113.10:443}, {@code limit} at most. */
    public List<String> admits(int limit) {
        return new FlowRegions(space, flows).lines(limit);
    }

    /** Returns how many such lines there are. */
    public long regions() {
        return new FlowRegions(space, flows).lines(Integer.MAX_VALUE).size();
    }

    /**
     * Returns the figures of the proof that the chain admits exactly the flows of {@code rules} of its family.
     *
     * @throws VerificationException where it does not
     */
    public Verified verify(RuleSet rules) {
        long start = System.nanoTime();
        Diagram expected = new Expected(space, rules, new Verdicts()).listed();
        Diagram more = space.and(flows, space.not(expected));
        Diagram less = space.and(expected, space.not(projected(space.and(accepted, first))));
        boolean admitted = more != diagrams.always(0);
        if (!admitted && less == diagrams.always(0)) {
            return new Verified(diagrams.count(packets), regions, Duration.ofNanos(System.nanoTime() - start));
        }
        Packets simple = new Packets(space, rules.veth());
        long[] packet = packet(simple.simplest(admitted ? more : less), admitted ? accepted : first, simple);
        Meaning.Decision decision = meaning.decide(chain, "", packet);
        throw VerificationException.of(
                new Counterexample(
                        simple.flow(packet),
                        admitted,
                        place(family, chain),
                        simple.text(packet, false),
                        decision.rule(),
                        admitted ? "not allowed" : "allowed",
                        meaning.name(decision.verdict())),
                "change the rules or the policy");
    }

    /** Returns the simplest packet of a flow that is among {@code packets}. */
    private long[] packet(long[] flow, Diagram packets, Packets simple) {
        Diagram same = ofFlow(packets, flow);
        return same == diagrams.always(0) ? flow : simple.simplest(same);
    }

    /** Returns {@code diagram} for the packets of one flow; a flow without ports has all types of messages. */
    private Diagram ofFlow(Diagram diagram, long[] flow) {
        List<Integer> fields = Flow.hasPorts((int) flow[Field.PROTOCOL]) ? FLOW_FIELDS : FLOW_FIELDS.subList(0, 3);
        Diagram same = diagram;
        for (int field : fields) {
            same = space.and(same, space.where(field, Ranges.of(flow[field])));
        }
        return same;
    }

    /** Returns what the chain does with the first packet of a flow, one that it accepts if there is one. */
    public Explanation.Way explain(int protocol, InetAddress address, OptionalInt port) {
        long[] flow = new long[Field.COUNT];
        Field.put(flow, Field.DESTINATION, Ip.of(address));
        flow[Field.PROTOCOL] = protocol;
        flow[Field.DESTINATION_PORT] = port.orElse(0);
        Diagram begun = space.and(accepted, first);
        boolean allowed = ofFlow(begun, flow) != diagrams.always(0);
        long[] packet = packet(flow, allowed ? begun : first, new Packets(space, LINK));
        Meaning.Decision decision = meaning.decide(chain, "", packet);
        return new Explanation.Way(
                address,
                allowed,
                List.of(new Explanation.Hop(
                        "", TABLE + " " + chain, Verdicts.shown(decision.verdict()), decision.rule(), true)),
                Optional.empty(),
                "");
    }
}
