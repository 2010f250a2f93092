package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.util.ArrayList;
import java.util.List;

/** {@code set}: whether a packet's addresses, ports or interface are in an ipset. */
final class SetMatch {
    private static final int MOST_DIRECTIONS = 6;

    private SetMatch() {}

    static List<Module<Match>> modules() {
        return List.of(Module.of(
                "set",
                SetMatch::of,
                "!--match-set 2",
                "--return-nomatch",
                "--update-counters",
                "--update-subcounters"));
    }

    private record Member(String set, List<String> directions, boolean not, String text) implements Match {
        @Override
        public boolean matches(Skb skb, View view) {
            return view.sets().contains(set, directions, skb) != not;
        }
    }

    private static Match of(Given given) {
        Given.Value value = given.find("--match-set").orElseThrow(() -> given.needs("--match-set"));
        for (String option : List.of("--return-nomatch", "--update-counters", "--update-subcounters")) {
            if (given.has(option)) {
                throw RuleProblem.unknown(option, "option of set");
            }
        }
        List<String> directions = new ArrayList<>();
        for (String direction : value.words().get(1).split(",", -1)) {
            if (!direction.equals("src") && !direction.equals("dst")) {
                throw RuleProblem.refused(direction, "must be src or dst");
            }
            directions.add(direction);
        }
        if (directions.size() > MOST_DIRECTIONS) {
            throw RuleProblem.refused(value.words().get(1), "at most six directions");
        }
        String text = new Words()
                .add("-m")
                .add("set")
                .option(value.negated(), "--match-set", value.words().toArray())
                .toString();
        return new Member(value.word(), List.copyOf(directions), value.negated(), text);
    }
}
