package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Diagrams;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.ruleset.Ip;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a policy says of each packet at each hook, made from its rules alone. */
final class Expected {
    private static final Set<Rule.Kind> ALL = EnumSet.allOf(Rule.Kind.class);
    private static final Set<Rule.Kind> FORWARDED = EnumSet.of(Rule.Kind.DNS, Rule.Kind.DIRECT);
    /** The flags of a connection's first segment: SYN, and neither FIN, RST nor ACK. */
    private static final Ranges FIRST = first();

    private final Space space;
    private final Diagrams diagrams;
    private final RuleSet rules;
    private final Family family;
    private final Verdicts verdicts;
    private final Map<String, Diagram> listed = new HashMap<>();

    private static Ranges first() {
        Ranges all = Ranges.none();
        for (int flags = 0; flags < 64; flags++) {
            all = (flags & 23) == 2 ? all.or(Ranges.of(flags)) : all;
        }
        return all;
    }

    Expected(Space space, RuleSet rules, Verdicts verdicts) {
        this.space = space;
        this.diagrams = space.diagrams();
        this.rules = rules;
        this.family = space.family();
        this.verdicts = verdicts;
    }

    /** Inside, what programs send: loopback, and what is listed; the rest is refused so that its sender hears of it. */
    Diagram insideOutput() {
        Diagram refused = diagrams.where(
                Field.PROTOCOL,
                Ranges.of(Space.TCP),
                diagrams.always(verdicts.rejected("tcp-reset")),
                diagrams.always(
                        verdicts.rejected(family == Family.IPV4 ? "icmp-port-unreachable" : "icmp6-port-unreachable")));
        Diagram listed = space.and(out(rules.veth().sandboxInterface()), listed(ALL, Field.PROTOCOL));
        return accept(space.or(out("lo"), listed), refused);
    }

    /** Inside, what comes in: loopback, and what belongs to flows that began inside. */
    Diagram insideInput() {
        Diagram answers = rules.veth().network(family).isEmpty()
                ? diagrams.always(0)
                : space.and(
                        in(rules.veth().sandboxInterface()),
                        space.where(Field.KIND, Kind.among(Kind.REPLY, Kind.RELATED_REPLY)));
        return accept(space.or(in("lo"), answers), diagrams.always(Verdicts.DROP));
    }

    /** On the host, what comes in on a link: only the sandbox's own source gets on. */
    Diagram source() {
        Diagram own = space.and(in(link()), own(Field.SOURCE));
        return diagrams.within(diagrams.always(Verdicts.DROP), space.not(own), Verdicts.NEXT);
    }

    /** On the host, what is forwarded from a link or to one. */
    Diagram forward() {
        Diagram outside = space.where(Field.OUT, space.links().complement());
        Diagram sent = space.and(space.and(in(link()), outside), begun(FORWARDED));
        Diagram answers = answered(space.where(Field.IN, space.links().complement()));
        return accept(space.or(sent, answers), diagrams.always(Verdicts.DROP));
    }

    /** On the host, what is for the host itself: the proxy's port at the host's end, as the sender wrote it. */
    Diagram input() {
        Diagram untranslated = diagrams.always(0);
        for (Rule rule : rules.rules(family)) {
            if (rule.kind() == Rule.Kind.PROXY) {
                Diagram here = space.and(
                        space.at(Field.NOW, Ip.of(rule.address())),
                        space.where(Field.NOW_PORT, Ranges.of(rule.port())));
                untranslated = space.or(untranslated, space.and(here, begun(Set.of(Rule.Kind.PROXY))));
            }
        }
        return accept(space.and(in(link()), untranslated), diagrams.always(Verdicts.DROP));
    }

    /** On the host, what the host itself sends into a link. */
    Diagram output() {
        return accept(answered(diagrams.always(1)), diagrams.always(Verdicts.DROP));
    }

    /** On the host, what leaves it from the sandbox: all that is listed gets the host's address. */
    Diagram translation() {
        Diagram listed = listed(FORWARDED, Field.PROTOCOL);
        return diagrams.within(diagrams.always(Verdicts.MASQUERADE), listed, Verdicts.NEXT);
    }

    private Diagram accept(Diagram what, Diagram otherwise) {
        return diagrams.over(
                diagrams.within(diagrams.always(Verdicts.ACCEPT), what, Verdicts.NEXT), otherwise, Verdicts.NEXT);
    }

    /** A flow of the sandbox to something listed: its first packet, of TCP a SYN, and those that follow the same way. */
    private Diagram begun(Set<Rule.Kind> kinds) {
        Diagram state = space.or(first(space), space.where(Field.KIND, Kind.among(Kind.ESTABLISHED)));
        return space.and(space.and(listed(kinds, Field.PROTOCOL), own(Field.SOURCE)), state);
    }

    /** Returns 1 for what can be a flow's first packet: of TCP a SYN. */
    static Diagram first(Space space) {
        return space.and(
                space.where(Field.KIND, Kind.among(Kind.NEW)),
                space.or(
                        space.where(Field.FLAGS, FIRST), space.not(space.where(Field.PROTOCOL, Ranges.of(Space.TCP)))));
    }

    /** What belongs to such a flow and goes to the sandbox: its answers, and errors about it. */
    private Diagram answered(Diagram where) {
        Diagram reply = space.and(space.where(Field.KIND, Kind.among(Kind.REPLY)), listed(ALL, Field.PROTOCOL));
        Diagram error = space.and(
                space.and(space.where(Field.KIND, Kind.among(Kind.RELATED_REPLY)), listed(ALL, Field.FLOW_PROTOCOL)),
                own(Field.FLOW_SOURCE));
        return space.and(space.and(space.and(space.or(reply, error), own(Field.NOW)), out(link())), where);
    }

    private String link() {
        return rules.veth().hostInterface();
    }

    private Diagram in(String name) {
        return space.where(Field.IN, space.interfaces(name, false));
    }

    private Diagram out(String name) {
        return space.where(Field.OUT, space.interfaces(name, false));
    }

    /** Returns 1 where that address is the sandbox's. */
    Diagram own(int field) {
        Optional<InetAddress> own = rules.veth().sandboxAddress(family);
        return own.isPresent() ? space.at(field, Ip.of(own.get())) : diagrams.always(0);
    }

    /** Returns 1 for the flows that are listed. */
    Diagram listed() {
        return listed(ALL, Field.PROTOCOL);
    }

    /** Returns 1 for the destinations of rules of these kinds; {@code protocol} is the field of the flow's. */
    private Diagram listed(Set<Rule.Kind> kinds, int protocol) {
        String key = kinds + " " + protocol;
        Diagram known = listed.get(key);
        if (known == null) {
            List<Rule> chosen = new ArrayList<>(rules.rules(family));
            chosen.removeIf(rule -> !kinds.contains(rule.kind()));
            known = listed(chosen, protocol);
            listed.put(key, known);
        }
        return known;
    }

    private Diagram listed(List<Rule> chosen, int protocol) {
        Map<Integer, Diagram> services = new HashMap<>();
        SortedMap<Long, SortedMap<Long, Diagram>> addresses = new TreeMap<>(Long::compareUnsigned);
        for (Rule rule : chosen) {
            int number = rule.protocol().number();
            Diagram service = services.computeIfAbsent(
                    rule.port() << 8 | number,
                    same -> space.and(
                            space.where(Field.DESTINATION_PORT, Ranges.of(rule.port())),
                            space.where(protocol, Ranges.of(number))));
            Ip address = Ip.of(rule.address());
            addresses
                    .computeIfAbsent(address.high(), high -> new TreeMap<>(Long::compareUnsigned))
                    .merge(address.low(), service, space::or);
        }
        SortedMap<Long, Diagram> networks = new TreeMap<>(Long::compareUnsigned);
        for (Map.Entry<Long, SortedMap<Long, Diagram>> each : addresses.entrySet()) {
            networks.put(each.getKey(), diagrams.points(Field.low(Field.DESTINATION), each.getValue()));
        }
        return diagrams.points(Field.DESTINATION, networks);
    }
}
