package dev.openshell.netns.linux.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.ruleset.Chain;
import dev.openshell.netns.linux.ruleset.Ruleset;
import dev.openshell.netns.linux.ruleset.UnknownTokenException;
import java.util.List;
import java.util.Set;

/** Checks that restore input touches nothing but this library's chains and the jumps into them. */
final class OwnRules {
    private static final Set<String> TABLES = Set.of("raw", "mangle", "nat", "filter", "security");

    private OwnRules() {}

    static boolean isOwn(String chain) {
        return Chains.isShared(chain) || !Chains.link(chain).isEmpty();
    }

    /** Checks {@code input} line by line, as iptables-restore takes it: a line break ends a line, also in a comment. */
    static void check(SavedRules saved, String input) {
        String table = "";
        boolean open = false;
        for (String line : input.isEmpty() ? List.<String>of() : List.of(input.split("\n"))) {
            String[] words = line.split(" ", 3);
            switch (words[0]) {
                case "COMMIT" -> {
                    assertThat(open).as(line).isTrue();
                    open = false;
                    continue;
                }
                case "-F", "-X" -> assertThat(line).matches(all -> isOwn(words[1]), "is about a chain of ours");
                case "-A" ->
                    // What is put back stood there.
                    assertThat(line).matches(all -> isOwn(words[1]), "goes into a chain of ours");
                case "-I" ->
                    assertThat(line)
                            .matches(all -> isOwn(SavedRules.target(all)), "jumps into a chain of ours")
                            .doesNotContain("ACCEPT");
                case "-D" -> {
                    String rule = "-A" + line.substring(2);
                    assertThat(saved.rules(table, words[1])).as(line).contains(rule);
                    assertThat(line)
                            .matches(
                                    all -> isOwn(words[1]) || isOwn(SavedRules.target(rule)),
                                    "was a rule or jump of ours");
                }
                default -> {
                    if (line.startsWith("*")) {
                        assertThat(open).as(line).isFalse();
                        open = true;
                        table = line.substring(1);
                    } else {
                        assertThat(line)
                                .startsWith(":")
                                .matches(all -> isOwn(all.substring(1).split(" ", 2)[0]), "ours");
                    }
                }
            }
            assertThat(open).as(line).isTrue();
        }
        assertThat(open).as("COMMIT").isFalse();
        SavedRules.parse(input);
    }

    /** Checks that after {@code input} the rules of {@code text}, where it is a ruleset at all, are there but for ours. */
    static void leavesOthers(String text, String input) {
        Ruleset before = new Ruleset(Family.IPV4);
        Ruleset after = new Ruleset(Family.IPV4);
        try {
            before.load(text, false);
            after.load(text, false);
        } catch (UnknownTokenException e) {
            return;
        }
        after.load(input, true);
        for (String table : TABLES) {
            for (String name : before.chains(table)) {
                if (!isOwn(name)) {
                    assertThat(others(after, table, name)).isEqualTo(others(before, table, name));
                }
            }
        }
    }

    private static List<String> others(Ruleset rules, String table, String name) {
        Chain chain = rules.chain(table, name).orElseThrow();
        return chain.lines().stream()
                .filter(line -> !isOwn(SavedRules.target(line)))
                .toList();
    }
}
