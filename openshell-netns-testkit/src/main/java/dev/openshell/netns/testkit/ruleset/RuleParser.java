package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.ruleset.Getopt.Takes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads what a rule is made of. Lists of addresses make several rules of one line. */
final class RuleParser {
    private static final int LONGEST_INTERFACE = 15;

    private record Loaded<T>(Module<T> module, Given given) {}

    private final Family family;
    private final IptablesVariant variant;
    private final TableKind table;
    private Selector selector;
    private String protocol = "";
    private boolean protocolLoaded;
    private List<Network> sources = List.of();
    private List<Network> destinations = List.of();
    private final List<Loaded<Match>> matches = new ArrayList<>();
    /** Each module once, the one loaded last first: so options are looked up. */
    private final List<Module<?>> loaded = new ArrayList<>();

    private @Nullable Loaded<Target> target;
    private Optional<Target> jump = Optional.empty();
    private String first = "";

    RuleParser(Family family, IptablesVariant variant, TableKind table) {
        this.family = family;
        this.variant = variant;
        this.table = table;
        this.selector = Selector.any(family);
    }

    /** Returns the long options of all extensions that the rule has loaded. */
    List<Getopt.Long> longs() {
        List<Getopt.Long> longs = new ArrayList<>();
        for (Module<?> module : loaded) {
            module.spellings()
                    .forEach((spelling, option) -> longs.add(new Getopt.Long(
                            spelling.substring(2),
                            module.name() + " " + option,
                            module.options().get(option) == 0 ? Takes.NOTHING : Takes.VALUE)));
        }
        return longs;
    }

    /** Returns the first option of a rule that was read, empty for none. */
    String first() {
        return first;
    }

    /** Reads an option of rules; {@code rest} has the values behind the first. */
    void option(String option, boolean not, String value, Getopt rest) {
        first = first.isEmpty() && option.length() == 2 && !option.equals("-m") ? option : first;
        // Whoever attaches the value has the whole word taken for it.
        read(option, not, "-p-s-d-i-o-j-g".contains(option) ? rest.last() : value, rest);
    }

    private void read(String option, boolean not, String value, Getopt rest) {
        switch (option) {
            case "-s" -> {
                once(option, sources.isEmpty());
                sources = Network.list(value, family);
                selector = selector.source(sources.get(0), not);
            }
            case "-d" -> {
                once(option, destinations.isEmpty());
                destinations = Network.list(value, family);
                selector = selector.destination(destinations.get(0), not);
            }
            case "-i" -> {
                once(option, selector.in().isEmpty());
                selector = selector.in(link(value), not);
            }
            case "-o" -> {
                once(option, selector.out().isEmpty());
                selector = selector.out(link(value), not);
            }
            case "-p" -> protocol(value.toLowerCase(Locale.ROOT), not);
            case "-f" -> {
                once(option, family == Family.IPV4 && selector.fragments() == Selector.Fragments.ANY);
                selector = selector.fragments(not ? Selector.Fragments.FIRST : Selector.Fragments.FURTHER);
            }
            case "-m" -> {
                noNot(option, not);
                load(value);
            }
            case "-j" -> {
                noNot(option, not);
                jump(value);
            }
            case "-g" -> {
                noNot(option, not);
                once(option, target == null && jump.isEmpty());
                jump = Optional.of(new Target.Jump(Names.target(value), true));
            }
            default -> extension(option, not, value, rest);
        }
    }

    private static void once(String option, boolean first) {
        if (!first) {
            throw RuleProblem.refused(option, "can't be given twice, or not here");
        }
    }

    private static void noNot(String option, boolean not) {
        if (not) {
            throw RuleProblem.refused(option, "can't be negated");
        }
    }

    private static String link(String name) {
        if (name.isEmpty() || name.length() > LONGEST_INTERFACE) {
            throw RuleProblem.refused(name, "interface name must be of 1 to 15 characters");
        }
        return name;
    }

    private void protocol(String word, boolean not) {
        once("-p", protocol.isEmpty());
        int number = Protocols.number(word);
        if (number == 0 && not) {
            throw RuleProblem.refused(word, "rule would never match protocol");
        }
        protocol = Numbers.parse(word).isPresent() ? Protocols.name(number) : word;
        selector = selector.protocol(number, not);
    }

    private void load(String name) {
        Module<Match> module = Modules.match(name, family);
        matches.add(new Loaded<>(module, given(module.name())));
        if (!loaded.contains(module)) {
            loaded.add(0, module);
        }
    }

    private Given given(String module) {
        return new Given(module, family, variant, table, selector);
    }

    private void jump(String name) {
        once("-j", target == null && jump.isEmpty());
        Optional<Module<Target>> module = Modules.target(Names.target(name), family);
        if (module.isEmpty()) {
            jump = Optional.of(new Target.Jump(name, false));
        } else {
            target = new Loaded<>(module.get(), given(name));
            loaded.add(0, module.get());
        }
    }

    /** Loads the match of the rule's protocol, once, and returns whether there was one to load. */
    boolean loadProtocol() {
        boolean load = !protocol.isEmpty() && !protocolLoaded && Modules.hasMatch(protocol, family);
        boolean there = matches.stream().anyMatch(match -> match.module.name().equals(Modules.alias(protocol)));
        if (load && !there) {
            protocolLoaded = true;
            load(protocol);
            return true;
        }
        return false;
    }

    private void extension(String meaning, boolean not, String value, Getopt rest) {
        String[] parts = meaning.split(" ");
        if (target != null && target.module.name().equals(parts[0])) {
            give(target, parts[1], not, value, rest);
            return;
        }
        for (int i = matches.size() - 1; i >= 0; i--) {
            if (matches.get(i).module.name().equals(parts[0])) {
                give(matches.get(i), parts[1], not, value, rest);
                return;
            }
        }
        throw new IllegalStateException(meaning);
    }

    private static <T> void give(Loaded<T> to, String option, boolean not, String value, Getopt rest) {
        if (not && !to.module.negatable().contains(option)) {
            noNot(option, true);
        }
        int count = to.module.options().get(option);
        List<String> values = new ArrayList<>(count == 0 ? List.of() : List.of(value));
        while (values.size() < count) {
            values.add(rest.argument().orElseThrow(() -> RuleProblem.refused(option, "needs another value")));
        }
        to.given.put(option, not, values);
    }

    /** Returns the rules for {@code chain}. */
    List<Rule> rules(String chain) {
        boolean in =
                !selector.in().isEmpty() && List.of("OUTPUT", "POSTROUTING").contains(chain);
        boolean out =
                !selector.out().isEmpty() && List.of("INPUT", "PREROUTING").contains(chain);
        if (in || out) {
            throw RuleProblem.refused(in ? "-i" : "-o", "can't be used with " + chain);
        }
        if ((sources.size() > 1 || destinations.size() > 1) && (selector.notSource() || selector.notDestination())) {
            throw RuleProblem.refused("!", "not allowed with several addresses");
        }
        List<Network> from = sources.isEmpty() ? List.of(selector.source()) : sources;
        List<Network> to = destinations.isEmpty() ? List.of(selector.destination()) : destinations;
        List<Rule> rules = new ArrayList<>();
        for (Network source : from) {
            for (Network destination : to) {
                List<Match> made = new ArrayList<>();
                matches.forEach(match -> made.add(match.module.make().apply(match.given.of(selector))));
                Target does = jump.orElseGet(this::made);
                rules.add(new Rule(
                        variant,
                        selector.source(source, selector.notSource())
                                .destination(destination, selector.notDestination()),
                        made,
                        does));
            }
        }
        if (variant == IptablesVariant.NFT && merging(rules.get(0)) > 1) {
            throw RuleProblem.unknown(rules.get(0).text(), "merging several matches of ports");
        }
        return rules;
    }

    /** Returns how many matches of the rule become expressions that iptables can't tell apart again. */
    private static long merging(Rule rule) {
        return rule.matches().stream().filter(Match::merges).count();
    }

    private Target made() {
        if (target == null) {
            return new Target.Plain("", Outcome.CONTINUE);
        }
        if (table == TableKind.NAT && target.module.name().equals("DROP")) {
            throw RuleProblem.refused("DROP", "the nat table is not for filtering");
        }
        return target.module.make().apply(target.given.of(selector));
    }
}
