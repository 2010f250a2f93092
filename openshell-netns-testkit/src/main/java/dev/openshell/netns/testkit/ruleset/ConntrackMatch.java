package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.ruleset.Numbers.Range;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/** {@code conntrack} and {@code state}, as xt_conntrack judges. */
final class ConntrackMatch implements Match {
    private static final List<String> STATES =
            List.of("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT");
    private static final List<String> STATUSES = List.of("NONE", "EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED");
    private static final List<String> ADDRESSES = List.of("--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst");
    private static final List<String> PORTS =
            List.of("--ctorigsrcport", "--ctorigdstport", "--ctreplsrcport", "--ctrepldstport");

    /** A test of a flow, with its own negation already in it. */
    private record Condition(String text, Predicate<Skb> test) {}

    private final String name;
    private final List<String> states;
    private final boolean notState;
    private final Map<String, Condition> conditions = new LinkedHashMap<>();

    private ConntrackMatch(String name, List<String> states, boolean notState) {
        this.name = name;
        this.states = states;
        this.notState = notState;
    }

    static List<Module<Match>> modules() {
        List<String> options =
                new ArrayList<>(List.of("!--ctstate 1", "!--ctproto 1", "!--ctstatus 1", "--ctdir 1", "!--ctexpire 1"));
        ADDRESSES.forEach(option -> options.add("!" + option + " 1"));
        PORTS.forEach(option -> options.add("!" + option + " 1"));
        return List.of(
                Module.of("conntrack", ConntrackMatch::conntrack, options.toArray(String[]::new)),
                Module.of("state", ConntrackMatch::state, "!--state 1"));
    }

    private static Match state(Given given) {
        String list = given.word("--state").orElseThrow(() -> given.needs("--state"));
        return new ConntrackMatch("state", listed(list, STATES.subList(0, 5)), given.negated("--state"));
    }

    private static Match conntrack(Given given) {
        if (given.isEmpty()) {
            throw given.needs("at least one option");
        }
        if (given.has("--ctexpire")) {
            throw RuleProblem.unknown("--ctexpire", "option of conntrack");
        }
        List<String> states =
                given.word("--ctstate").map(list -> listed(list, STATES)).orElse(List.of());
        ConntrackMatch match = new ConntrackMatch("conntrack", states, given.negated("--ctstate"));
        given.word("--ctproto").ifPresent(word -> {
            int protocol = Protocols.number(word);
            match.condition(
                    given, "--ctproto", protocol, skb -> ct(skb).original.protocol() == protocol);
        });
        for (String option : ADDRESSES) {
            given.word(option).ifPresent(word -> match.address(given, option, word));
        }
        for (String option : PORTS) {
            given.word(option).ifPresent(word -> match.port(given, option, word));
        }
        given.word("--ctstatus").ifPresent(list -> {
            List<String> statuses = new ArrayList<>(listed(list, STATUSES));
            statuses.remove("NONE");
            String text = statuses.isEmpty() ? "NONE" : String.join(",", statuses);
            match.condition(
                    given, "--ctstatus", text, skb -> statuses.stream().anyMatch(status -> has(ct(skb), status)));
        });
        given.word("--ctdir").ifPresent(word -> {
            String direction = word.toUpperCase(Locale.ROOT);
            if (!direction.equals("ORIGINAL") && !direction.equals("REPLY")) {
                throw RuleProblem.refused(word, "direction is ORIGINAL or REPLY");
            }
            boolean reply = direction.equals("REPLY");
            match.conditions.put(
                    "--ctdir", new Condition("--ctdir " + (reply ? "REPLY" : "ORIGINAL"), skb -> skb.reply == reply));
        });
        return match;
    }

    private static List<String> listed(String list, List<String> known) {
        List<String> words = new ArrayList<>();
        for (String word : list.split(",", -1)) {
            words.add(Words.startedBy(word, known, "must be of " + known));
        }
        return known.stream().filter(words::contains).toList();
    }

    private void condition(Given given, String option, Object value, Predicate<Skb> test) {
        boolean not = given.negated(option);
        String text = new Words().option(not, option, value).toString();
        conditions.put(option, new Condition(text, skb -> test.test(skb) != not));
    }

    private void address(Given given, String option, String word) {
        String[] parts = word.split("/", 2);
        Ip host = Addresses.host(parts[0], given.family());
        Ip mask = Addresses.mask(
                parts.length == 1 ? Integer.toString(given.family().bits()) : parts[1], given.family());
        if (mask.prefix() < 0) {
            throw RuleProblem.unknown(word, "a mask with holes");
        }
        Network network = new Network(host.and(mask), mask);
        String shown = host + (mask.prefix() == given.family().bits() ? "" : "/" + mask.prefix());
        Function<Ct, Ip> of =
                switch (option) {
                    case "--ctorigsrc" -> ct -> ct.original.source();
                    case "--ctorigdst" -> ct -> ct.original.destination();
                    case "--ctreplsrc" -> ct -> ct.reply.source();
                    default -> ct -> ct.reply.destination();
                };
        condition(given, option, shown, skb -> network.contains(of.apply(ct(skb))));
    }

    private void port(Given given, String option, String word) {
        Range range = Numbers.resolvedPorts(word);
        Function<Ct, Integer> of =
                switch (option) {
                    case "--ctorigsrcport" -> ct -> ct.original.sourcePort();
                    case "--ctorigdstport" -> ct -> ct.original.destinationPort();
                    case "--ctreplsrcport" -> ct -> ct.reply.sourcePort();
                    default -> ct -> ct.reply.destinationPort();
                };
        condition(given, option, range.text(':'), skb -> range.contains(of.apply(ct(skb))));
    }

    private static boolean has(Ct ct, String status) {
        return switch (status) {
            case "SEEN_REPLY" -> ct.seenReply;
            case "ASSURED" -> ct.assured;
            case "CONFIRMED" -> ct.confirmed;
            default -> false;
        };
    }

    private static Ct ct(Skb skb) {
        return java.util.Objects.requireNonNull(skb.ct);
    }

    /** A packet without a flow is judged by its state alone, and where no state is asked for it never matches. */
    @Override
    public boolean matches(Skb skb, View view) {
        Ct ct = skb.ct;
        if (!states.isEmpty()) {
            boolean hit = states.contains(skb.state.name())
                    || (ct != null && ct.sourceNat && states.contains("SNAT"))
                    || (ct != null && ct.destinationNat && states.contains("DNAT"));
            if (hit == notState) {
                return false;
            }
        }
        return ct == null
                ? !states.isEmpty()
                : conditions.values().stream().allMatch(condition -> condition.test.test(skb));
    }

    @Override
    public String text() {
        Words words = new Words().add("-m").add(name);
        if (!states.isEmpty()) {
            words.option(notState, name.equals("state") ? "--state" : "--ctstate", String.join(",", states));
        }
        conditions.values().forEach(condition -> words.add(condition.text));
        return words.toString();
    }
}
