package dev.openshell.netns.testkit.ruleset;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What the kernel checks when a table is committed: where extensions stand, and that no jump leads in a circle. */
final class Checks {
    private final Table table;
    private final Map<Hook, Set<String>> seen = new EnumMap<>(Hook.class);

    private Checks(Table table) {
        this.table = table;
    }

    static void check(Table table) {
        for (Chain chain : table.chains()) {
            for (Rule rule : chain.rules()) {
                if (!rule.target().tables().contains(table.kind())) {
                    throw RuleProblem.refused(rule.target().text(), "not valid in table " + table.kind());
                }
            }
        }
        Checks checks = new Checks(table);
        for (Hook hook : table.kind().hooks()) {
            checks.seen.put(hook, new HashSet<>());
            checks.walk(hook, table.chain(hook.name()), new HashSet<>());
        }
    }

    private void walk(Hook hook, Chain chain, Set<String> path) {
        if (!path.add(chain.name())) {
            throw RuleProblem.refused(chain.name(), "jumps lead in a circle (ELOOP)");
        }
        if (seen.get(hook).add(chain.name())) {
            for (Rule rule : chain.rules()) {
                boolean valid = rule.target().hooks().contains(hook)
                        && rule.matches().stream().allMatch(match -> match.hooks().contains(hook));
                if (!valid) {
                    throw RuleProblem.refused(rule.text(), "not valid at hook " + hook);
                }
                if (!rule.target().chain().isEmpty()) {
                    walk(hook, table.chain(rule.target().chain()), path);
                }
            }
        }
        path.remove(chain.name());
    }
}
