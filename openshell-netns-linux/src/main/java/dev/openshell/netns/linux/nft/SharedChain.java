package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import dev.openshell.netns.VethPair;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The chains that lead to what each sandbox may do. As text they jump to a chain of the sandbox's own. Here the own chains
 * are elements of sets, of which the shared chain has one rule: neither a packet nor the next sandbox takes the longer the
 * more there are. A chain each would: the kernel walks through all that is jumped to whenever one is added.
 */
enum SharedChain {
    /** Leads to no other: what has a link's own address returns. */
    SOURCE("raw", "OPENSHELL-SOURCE", "", Field.INCOMING, "", -1),
    FROM("filter", "OPENSHELL-FROM", "-from", Field.INCOMING, "NEW,ESTABLISHED", 0),
    LOCAL("filter", "OPENSHELL-LOCAL", "-local", Field.INCOMING, "NEW,ESTABLISHED", 0),
    TO("filter", "OPENSHELL-TO", "-to", Field.OUTGOING, "RELATED,ESTABLISHED", 1),
    POSTROUTING("nat", "OPENSHELL-POSTROUTING", "-nat", Field.SOURCE, "", -1);

    /** Of a flow that is forgotten, or was never one, the first packet seen is no SYN. */
    private static final NftRule MID_STREAM =
            RuleText.read("-p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP");

    private static final Key SERVICES =
            Key.of(Field.INCOMING, Field.DESTINATION, Field.PROTOCOL, Field.PORT, Field.FLOW_PORT);

    private final String table;
    private final String chain;
    private final String suffix;
    private final Field first;
    private final int states;
    private final int direction;

    SharedChain(String table, String chain, String suffix, Field first, String states, int direction) {
        this.table = table;
        this.chain = chain;
        this.suffix = suffix;
        this.first = first;
        this.states = states.isEmpty() ? 0 : States.bits(states);
        this.direction = direction;
    }

    /** A flow that is let through, or masqueraded, by its first packet. */
    record Flow(InetAddress source, InetAddress destination, int protocol, int port) {}

    static Optional<SharedChain> named(String table, String chain) {
        for (SharedChain each : values()) {
            if (each.table.equals(table) && each.chain.equals(chain)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    /** Returns whose own chain {@code chain} is, empty where it is a chain like any other. */
    static Optional<SharedChain> ofOwn(String table, String chain) {
        for (SharedChain each : values()) {
            if (each.hasOwn()
                    && each.table.equals(table)
                    && chain.startsWith(VethPair.HOST_PREFIX)
                    && chain.endsWith(each.suffix)
                    && chain.length() > VethPair.HOST_PREFIX.length() + each.suffix.length()) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    String table() {
        return table;
    }

    String chain() {
        return chain;
    }

    boolean hasOwn() {
        return this != SOURCE;
    }

    /** Returns the name of {@code link}'s own chain. */
    String own(String link) {
        return link + suffix;
    }

    /** Returns the link whose own chain {@code chain} is. */
    String link(String chain) {
        return chain.substring(0, chain.length() - suffix.length());
    }

    /** Returns whether its own chains begin with a rule against what is no flow's first packet, and have limits. */
    boolean guarded() {
        return this == FROM || this == LOCAL;
    }

    /** Returns the name of the set of links, which are as many as jumps. */
    String members() {
        return chain;
    }

    String flows() {
        return chain + "-flows";
    }

    /** Returns the name of the set of what a packet itself has to ask for, beside its flow's first. */
    String services() {
        return chain + "-services";
    }

    /** Returns its sets but for those of limits, each with what it is asked by. */
    Map<String, Key> sets() {
        Map<String, Key> sets = new LinkedHashMap<>();
        sets.put(members(), memberKey());
        if (hasOwn()) {
            sets.put(flows(), flowKey());
        }
        if (this == LOCAL) {
            sets.put(services(), SERVICES);
        }
        return sets;
    }

    Key memberKey() {
        return switch (this) {
            case SOURCE, FROM, LOCAL -> Key.of(Field.INCOMING, Field.SOURCE);
            case TO -> Key.of(Field.OUTGOING, Field.DESTINATION);
            case POSTROUTING -> Key.of(Field.SOURCE);
        };
    }

    Key flowKey() {
        return Key.of(first, Field.FLOW_SOURCE, Field.FLOW_DESTINATION, Field.FLOW_PROTOCOL, Field.FLOW_PORT);
    }

    /** Returns whether the key says whose an element is; where it does not that stands beside it. */
    boolean hasLink() {
        return first != Field.SOURCE;
    }

    /** Returns the jump to {@code link}'s own chain, which has {@code address}. */
    NftRule jump(String link, InetAddress address) {
        NftRule rule = new NftRule();
        if (this == TO) {
            rule.destination = address;
            rule.outgoing = link;
        } else {
            rule.source = address;
            rule.incoming = hasLink() ? link : "";
        }
        rule.target = hasOwn() ? own(link) : "RETURN";
        return rule;
    }

    /** Returns the link that {@code rule} jumps for, empty where it is no such jump. */
    Optional<String> jumps(NftRule rule) {
        InetAddress address = this == TO ? rule.destination : rule.source;
        boolean may = hasOwn()
                ? ofOwn(table, rule.target).filter(this::equals).isPresent()
                : rule.incoming.startsWith(VethPair.HOST_PREFIX) && !rule.incoming.endsWith("+");
        if (address == null || !may) {
            return Optional.empty();
        }
        String link = hasOwn() ? link(rule.target) : rule.incoming;
        NftRule jump = jump(link, address);
        jump.comment = rule.comment;
        return RuleText.write(jump).equals(RuleText.write(rule)) ? Optional.of(link) : Optional.empty();
    }

    byte[] memberKey(NftRule jump, Family family) {
        return switch (this) {
            case SOURCE, FROM, LOCAL -> memberKey().bytes(family, jump.incoming, jump.source);
            case TO -> memberKey().bytes(family, jump.outgoing, jump.destination);
            case POSTROUTING -> memberKey().bytes(family, jump.source);
        };
    }

    byte[] flowKey(String link, Flow flow, Family family) {
        Object whose = hasLink() ? link : flow.source;
        return flowKey().bytes(family, whose, flow.source, flow.destination, flow.protocol, flow.port);
    }

    static byte[] serviceKey(String link, Flow flow, Family family) {
        return SERVICES.bytes(family, link, flow.destination, flow.protocol, flow.port, flow.port);
    }

    static boolean isMidStream(NftRule rule) {
        return RuleText.write(rule).equals(RuleText.write(MID_STREAM));
    }

    static NftRule midStream() {
        return MID_STREAM;
    }

    /** Returns the rule of an own chain that lets {@code flow} through. */
    NftRule rule(Flow flow, String comment) {
        NftRule rule = new NftRule();
        rule.tracked = new NftRule.Tracked(states, flow.protocol, flow.source, flow.destination, flow.port, direction);
        if (guarded()) {
            rule.protocol = flow.protocol;
        }
        if (this == LOCAL) {
            rule.destination = flow.destination;
            rule.port = flow.port;
        }
        rule.comment = comment;
        rule.target = this == POSTROUTING ? "MASQUERADE" : "ACCEPT";
        return rule;
    }

    /**
     * Returns the flow that a rule of an own chain lets through.
     *
     * @throws IllegalArgumentException where it is no such rule
     */
    Flow flow(NftRule rule) {
        NftRule.Tracked tracked = rule.tracked;
        if (tracked != null && tracked.source() != null && tracked.destination() != null && tracked.port() >= 0) {
            Flow flow = new Flow(tracked.source(), tracked.destination(), tracked.protocol(), tracked.port());
            if (RuleText.write(rule(flow, rule.comment)).equals(RuleText.write(rule))) {
                return flow;
            }
        }
        throw new IllegalArgumentException(
                "rule '" + RuleText.write(rule) + "' of a chain " + suffix + " has no like in nf_tables here");
    }

    /** Returns all rules of the chain, which leads to own chains with these {@code limits}. */
    List<byte[]> rules(Collection<Limit> limits, Family family) {
        List<byte[]> rules = new ArrayList<>();
        if (guarded()) {
            rules.add(Expressions.of(MID_STREAM, family));
        }
        limits.stream().sorted().forEach(limit -> rules.add(limiting(limit, family)));
        rules.add(admitting(family));
        return rules;
    }

    /** Returns the rule that lets flows through. */
    byte[] admitting(Family family) {
        Expressions out = new Expressions(family);
        out.isIn(memberKey(), members());
        if (!hasOwn()) {
            return out.target("RETURN").toBytes();
        }
        if (states != 0) {
            out.states(states);
            out.direction(direction);
        }
        out.isIn(flowKey(), flows());
        if (this == LOCAL) {
            out.isIn(SERVICES, services());
        }
        return out.target(this == POSTROUTING ? "MASQUERADE" : "ACCEPT").toBytes();
    }

    /** Returns the rule that drops what is beyond {@code limit}: of packets that would be let through, no others. */
    private byte[] limiting(Limit limit, Family family) {
        Expressions out = new Expressions(family);
        out.isIn(Limit.LINKS, limit.links(chain));
        out.states(States.bits("NEW"));
        out.isIn(flowKey(), flows());
        out.isBeyond(limit, limit.counted(chain));
        out.isIn(Limit.LINKS, limit.dropped(chain));
        return out.target("DROP").toBytes();
    }
}
