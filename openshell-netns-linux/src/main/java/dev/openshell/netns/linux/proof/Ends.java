package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.ruleset.Chain;
import dev.openshell.netns.linux.ruleset.Ruleset;
import dev.openshell.netns.linux.ruleset.UnknownTokenException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** All that has to be proved of one family at both ends of a link. */
final class Ends {
    private static final String NO_INTERFACE = "";
    /** Stands behind a beginning for all names that begin so; no interface has it in its name. */
    private static final String ANY = "/";

    private static final int TRIES = 100;
    private static final List<String> TABLES = List.of("raw", "nat", "filter");
    private static final List<String> NOT_ASKED = List.of("raw", "mangle", "nat", "security");
    private static final List<String> OPTIONS = List.of(" -i ", " -o ", " --in-interface ", " --out-interface ");

    private final Family family;
    private final Ruleset sandbox;
    private final Ruleset host;
    private final Set<String> guarded;
    private final Verdicts verdicts = new Verdicts();
    private final VethPair veth;
    /** Of this sandbox's link the host end, and those of links without any permission. */
    private final List<String> links = new ArrayList<>();

    private final String uplink;
    private final Space space;
    private final Expected expected;
    private final List<Obligation> all = new ArrayList<>();

    private Ends(RuleSet rules, Family family, Rulesets loaded) {
        this.family = family;
        this.sandbox = loaded.sandbox(family);
        this.host = loaded.host(family);
        this.guarded = loaded.guarded(family);
        this.veth = rules.veth();
        Set<String> names = names(sandbox);
        names.addAll(names(host));
        names.addAll(guarded);
        names.add(veth.sandboxInterface());
        names.add(veth.hostInterface());
        // What begins as a rule says that names one link alone is another sandbox's too.
        for (String name : names) {
            if (isPartOfLinks(name)) {
                links.add(name);
            }
        }
        links.add(unusedLink(names));
        links.add(veth.hostInterface());
        names.addAll(links);
        this.uplink = unused("uplink", names);
        names.add(uplink);
        this.space = new Space(family, names);
        this.expected = new Expected(space, rules, verdicts);
    }

    static Ends of(RuleSet rules, Family family, Rulesets loaded) {
        Ends ends = new Ends(rules, family, loaded);
        ends.sandbox();
        ends.host();
        loaded.sandboxAtUp(family).ifPresent(early -> ends.atUp("sandbox", ends.sandbox, early));
        loaded.hostAtUp(family).ifPresent(early -> ends.atUp("host", ends.host, early));
        return ends;
    }

    List<Obligation> all() {
        return all;
    }

    /** Returns what is to be proved of a hook, such as {@code filter OUTPUT}, of {@code sandbox} or {@code host}. */
    Obligation at(String end, String hook) {
        return all.stream()
                .filter(each -> each.place().equals(place(end, hook)))
                .findFirst()
                .orElseThrow();
    }

    Space space() {
        return space;
    }

    /** Returns the interface that stands for all by which packets leave the host. */
    String uplink() {
        return uplink;
    }

    private String place(String end, String hook) {
        return Obligation.place(end, family, hook);
    }

    /** In the sandbox: what programs send, what comes in, and that nothing is handed on. */
    private void sandbox() {
        for (String table : NOT_ASKED) {
            refuse(table);
        }
        Meaning filter = new Meaning(sandbox, "filter", space, false, verdicts);
        Diagram packets = space.packets(false);
        Diagram in = space.not(none(Field.IN));
        Diagram out = space.not(none(Field.OUT));
        add("sandbox", filter, "OUTPUT", "", expected.insideOutput(), and(packets, none(Field.IN), out));
        add("sandbox", filter, "INPUT", "", expected.insideInput(), and(packets, in, none(Field.OUT)));
        add("sandbox", filter, "FORWARD", "", space.diagrams().always(Verdicts.DROP), and(packets, in, out));
    }

    /** Inside all rules are this sandbox's, and what those of another table do to packets is not known here. */
    private void refuse(String table) {
        for (String name : sandbox.chains(table)) {
            Chain chain = sandbox.chain(table, name).orElseThrow();
            if (!chain.lines().isEmpty() || chain.policy().equals("DROP")) {
                throw new UnknownTokenException(table, "*" + table);
            }
        }
    }

    /**
     * On the host: what comes in on the link and what goes out on it, also for a link without any permission, and what
     * comes in where forwarding was switched on.
     */
    private void host() {
        Meaning raw = new Meaning(host, "raw", space, false, verdicts);
        Meaning filter = new Meaning(host, "filter", space, true, verdicts);
        Diagram in = space.where(Field.IN, links());
        Diagram out = space.where(Field.OUT, links());
        Diagram untracked = space.where(Field.KIND, Kind.among(Kind.INVALID));
        Diagram arriving = and(space.packets(false), in, none(Field.OUT), untracked);
        add("host", raw, "PREROUTING", "OPENSHELL-SOURCE", expected.source(), arriving);
        Diagram packets = space.packets(true);
        Diagram through = and(packets, space.not(none(Field.IN)), space.not(none(Field.OUT)));
        Diagram forwarded = and(through, space.or(space.or(in, out), guarded()));
        add("host", filter, "FORWARD", "OPENSHELL-FORWARD", expected.forward(), forwarded);
        add("host", filter, "INPUT", "OPENSHELL-INPUT", expected.input(), and(packets, in, none(Field.OUT)));
        add("host", filter, "OUTPUT", "OPENSHELL-OUTPUT", expected.output(), and(packets, none(Field.IN), out));
        if (veth.network(family).isPresent()) {
            Meaning nat = new Meaning(host, "nat", space, true, verdicts);
            Ranges elsewhere =
                    space.links().or(space.interfaces(NO_INTERFACE, false)).complement();
            Diagram begun = space.where(Field.KIND, Kind.among(Kind.NEW));
            Diagram sent = space.where(Field.IN, space.interfaces(veth.hostInterface(), false));
            Diagram leaving = and(packets, sent, space.where(Field.OUT, elsewhere), begun);
            Diagram own = space.and(leaving, expected.own(Field.SOURCE));
            add("host", nat, "POSTROUTING", "OPENSHELL-POSTROUTING", expected.translation(), own);
        }
    }

    /** What is loaded when the link comes up lets through at most what may get through in the end. */
    private void atUp(String end, Ruleset late, Ruleset early) {
        if (!early.same(late)) {
            boolean onHost = end.equals("host");
            Meaning filter = new Meaning(early, "filter", space, onHost, verdicts);
            // Elsewhere the host forwards later, and has its guards before.
            Diagram on = onHost
                    ? space.or(space.where(Field.IN, links()), space.where(Field.OUT, links()))
                    : space.diagrams().always(1);
            for (Obligation each : List.copyOf(all)) {
                if (each.place().startsWith(end + " ") && each.meaning().table().equals("filter")) {
                    all.add(each.early(filter, space.and(each.domain(), on)));
                }
            }
        }
    }

    /** This link, and those that have no permission. */
    private Ranges links() {
        Ranges all = Ranges.none();
        for (String name : links) {
            all = all.or(space.interfaces(name, false));
        }
        return all;
    }

    private Diagram none(int field) {
        return space.where(field, space.interfaces(NO_INTERFACE, false));
    }

    private Diagram guarded() {
        Ranges in = Ranges.none();
        for (String each : guarded) {
            in = in.or(space.interfaces(each.isEmpty() ? uplink : each, false));
        }
        return space.and(
                space.where(Field.IN, in), space.where(Field.OUT, space.links().complement()));
    }

    private void add(String end, Meaning meaning, String chain, String ours, Diagram expected, Diagram domain) {
        String place = place(end, meaning.table() + " " + chain);
        all.add(new Obligation(place, space, meaning, chain, ours, expected, domain, false));
    }

    private Diagram and(Diagram first, Diagram... more) {
        Diagram both = first;
        for (Diagram each : more) {
            both = space.and(both, each);
        }
        return both;
    }

    /** Returns the interfaces that rules name, the one that stands for none, and loopback. */
    static Set<String> names(Ruleset ruleset) {
        Set<String> names = new TreeSet<>(List.of(NO_INTERFACE, "lo"));
        for (String table : TABLES) {
            for (String name : ruleset.chains(table)) {
                for (String line : ruleset.chain(table, name).orElseThrow().lines()) {
                    names(line, names);
                }
            }
        }
        return names;
    }

    private static void names(String line, Set<String> names) {
        for (String option : OPTIONS) {
            for (int at = line.indexOf(option); at >= 0; at = line.indexOf(option, at + 1)) {
                String rest = line.substring(at + option.length()).stripLeading();
                String name = rest.startsWith("\"") ? rest.split("\"", 3)[1] : rest.split(" ", 2)[0];
                if (name.endsWith("+")) {
                    // What begins so, and what ends there.
                    names.add(name.substring(0, name.length() - 1));
                    names.add(name.substring(0, name.length() - 1) + ANY);
                } else {
                    names.add(name);
                }
            }
        }
    }

    private static boolean isPartOfLinks(String name) {
        return name.endsWith(ANY) && name.startsWith(VethPair.HOST_PREFIX) && !isAllLinks(name);
    }

    /** Returns whether what begins so is any link at all, so that it tells no link from another. */
    private static boolean isAllLinks(String name) {
        return name.endsWith(ANY) && VethPair.HOST_PREFIX.startsWith(name.substring(0, name.length() - 1));
    }

    /** Returns a link that no rule can mean but those that mean all links. */
    private static String unusedLink(Set<String> names) {
        List<String> telling = new ArrayList<>(names);
        telling.removeIf(Ends::isAllLinks);
        return unused(List.of(VethPair.HOST_PREFIX), telling);
    }

    /** Returns a name that no rule can mean, one that begins with {@code prefix} if there is such a one. */
    static String unused(String prefix, Set<String> names) {
        return unused(List.of(prefix, "other", "some", "any", "x", "q", "0", "_"), names);
    }

    private static String unused(List<String> bases, Collection<String> names) {
        for (String base : bases) {
            for (int i = 0; i < TRIES; i++) {
                String name = base + i;
                if (!isMeant(name, names)) {
                    return name;
                }
            }
        }
        throw new UnknownTokenException("+", "rules that name interfaces of every kind");
    }

    private static boolean isMeant(String name, Collection<String> names) {
        for (String each : names) {
            boolean meant =
                    each.endsWith(ANY) ? name.startsWith(each.substring(0, each.length() - 1)) : name.equals(each);
            if (meant && !each.equals(ANY)) {
                return true;
            }
        }
        return false;
    }
}
