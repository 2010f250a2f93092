package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the words behind {@code -A CHAIN}. Lists of addresses make several rules of one line. */
final class RuleParser {
    private static final Map<String, String> LONG = Map.ofEntries(
            Map.entry("--source", "-s"),
            Map.entry("--src", "-s"),
            Map.entry("--destination", "-d"),
            Map.entry("--dst", "-d"),
            Map.entry("--in-interface", "-i"),
            Map.entry("--out-interface", "-o"),
            Map.entry("--protocol", "-p"),
            Map.entry("--proto", "-p"),
            Map.entry("--match", "-m"),
            Map.entry("--jump", "-j"),
            Map.entry("--goto", "-g"),
            Map.entry("--fragment", "-f"));
    private static final int LONGEST_INTERFACE = 15;

    private record Loaded<T>(Module<T> module, Given given) {}

    private final Family family;
    private final Table table;
    private final String chain;
    private Selector selector;
    private List<Network> sources = List.of();
    private List<Network> destinations = List.of();
    private final List<Loaded<Match>> matches = new ArrayList<>();
    private @Nullable Loaded<Target> target;
    private @Nullable Target jump;

    private RuleParser(Family family, Table table, String chain) {
        this.family = family;
        this.table = table;
        this.chain = chain;
        this.selector = Selector.any(family);
    }

    static List<Rule> parse(Family family, Table table, String chain, List<String> words) {
        RuleParser parser = new RuleParser(family, table, chain);
        parser.read(words);
        return parser.rules();
    }

    private void read(List<String> given) {
        List<String> words = new ArrayList<>();
        for (String word : given) {
            int sign = word.startsWith("--") ? word.indexOf('=') : -1;
            words.addAll(sign < 0 ? List.of(word) : List.of(word.substring(0, sign), word.substring(sign + 1)));
        }
        Iterator<String> rest = words.iterator();
        boolean not = false;
        while (rest.hasNext()) {
            String word = rest.next();
            if (word.equals("!")) {
                if (not) {
                    throw RuleProblem.refused("!", "multiple consecutive ! not allowed");
                }
                not = true;
                continue;
            }
            option(LONG.getOrDefault(word, word), not, rest);
            not = false;
        }
        if (not) {
            throw RuleProblem.refused("!", "nothing behind it");
        }
    }

    private void option(String option, boolean not, Iterator<String> rest) {
        switch (option) {
            case "-s" -> {
                once(option, sources.isEmpty());
                sources = networks(rest, option, not);
                selector = selector.source(sources.get(0), not);
            }
            case "-d" -> {
                once(option, destinations.isEmpty());
                destinations = networks(rest, option, not);
                selector = selector.destination(destinations.get(0), not);
            }
            case "-i" -> {
                once(option, selector.in().isEmpty());
                selector = selector.in(link(rest, option, List.of("OUTPUT", "POSTROUTING")), not);
            }
            case "-o" -> {
                once(option, selector.out().isEmpty());
                selector = selector.out(link(rest, option, List.of("INPUT", "PREROUTING")), not);
            }
            case "-p" -> protocol(value(rest, option), not);
            case "-f" -> {
                once(option, family == Family.IPV4 && selector.fragments() == Selector.Fragments.ANY);
                selector = selector.fragments(not ? Selector.Fragments.FIRST : Selector.Fragments.FURTHER);
            }
            case "-m" -> {
                noNot(option, not);
                load(value(rest, option));
            }
            case "-j" -> {
                noNot(option, not);
                jump(value(rest, option));
            }
            case "-g" -> {
                noNot(option, not);
                once(option, target == null && jump == null);
                jump = new Target.Jump(userChain(value(rest, option)), true);
            }
            default -> extension(option, not, rest);
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

    private static String value(Iterator<String> rest, String option) {
        if (!rest.hasNext()) {
            throw RuleProblem.refused(option, "needs a value");
        }
        return rest.next();
    }

    private List<Network> networks(Iterator<String> rest, String option, boolean not) {
        List<Network> networks = Network.list(value(rest, option), family);
        if (not && networks.size() > 1) {
            throw RuleProblem.refused(option, "! is not allowed with several addresses");
        }
        return networks;
    }

    private String link(Iterator<String> rest, String option, List<String> nowhere) {
        String link = value(rest, option);
        if (link.isEmpty() || link.length() > LONGEST_INTERFACE) {
            throw RuleProblem.refused(link, "interface name must be of 1 to 15 characters");
        }
        if (nowhere.contains(chain)) {
            throw RuleProblem.refused(option, "can't be used with " + chain);
        }
        return link;
    }

    private void protocol(String word, boolean not) {
        once("-p", selector.protocol() == 0);
        int number = Protocols.number(word);
        if (number == 0 && not) {
            throw RuleProblem.refused(word, "rule would never match protocol");
        }
        selector = selector.protocol(number, not);
    }

    private Loaded<Match> load(String name) {
        Module<Match> module = Modules.match(name, family);
        Loaded<Match> loaded = new Loaded<>(module, new Given(module.name(), family, table.kind(), selector));
        matches.add(loaded);
        return loaded;
    }

    private String userChain(String name) {
        if (!table.users().containsKey(name)) {
            throw RuleProblem.refused(name, "no chain, target or match by that name");
        }
        return name;
    }

    private void jump(String name) {
        once("-j", target == null && jump == null);
        Optional<Module<Target>> module = Modules.target(name);
        if (module.isEmpty()) {
            jump = new Target.Jump(userChain(name), false);
        } else {
            target = new Loaded<>(module.get(), new Given(name, family, table.kind(), selector));
        }
    }

    /** An option is of the target, or of the match loaded last that knows it, or of the protocol's own match. */
    private void extension(String option, boolean not, Iterator<String> rest) {
        if (target != null && target.module.option(option).isPresent()) {
            give(target, target.module.option(option).get(), not, rest);
            return;
        }
        for (int i = matches.size() - 1; i >= 0; i--) {
            Optional<String> known = matches.get(i).module.option(option);
            if (known.isPresent()) {
                give(matches.get(i), known.get(), not, rest);
                return;
            }
        }
        Optional<String> own = Protocols.matchOf(selector.protocol(), family)
                .filter(name -> matches.stream().noneMatch(match -> match.module.name().equals(name)))
                .filter(name -> Modules.match(name, family).option(option).isPresent());
        if (own.isEmpty()) {
            throw option.startsWith("-")
                    ? RuleProblem.unknown(option, "option")
                    : RuleProblem.refused(option, "bad argument");
        }
        Loaded<Match> loaded = load(own.get());
        give(loaded, loaded.module.option(option).orElseThrow(), not, rest);
    }

    private static <T> void give(Loaded<T> to, String option, boolean not, Iterator<String> rest) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < to.module.options().get(option); i++) {
            values.add(value(rest, option));
        }
        to.given.put(option, not, values, false);
    }

    private List<Rule> rules() {
        List<Network> from = sources.isEmpty() ? List.of(selector.source()) : sources;
        List<Network> to = destinations.isEmpty() ? List.of(selector.destination()) : destinations;
        List<Rule> rules = new ArrayList<>();
        for (Network source : from) {
            for (Network destination : to) {
                List<Match> made = new ArrayList<>();
                matches.forEach(match -> made.add(match.module.make().apply(match.given.of(selector))));
                Target does = jump != null
                        ? jump
                        : target == null
                                ? new Target.Plain("", Outcome.CONTINUE)
                                : target.module.make().apply(target.given.of(selector));
                rules.add(new Rule(
                        selector.source(source, selector.notSource())
                                .destination(destination, selector.notDestination()),
                        made,
                        does));
            }
        }
        return rules;
    }
}
