package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Rulesets far wider than what a policy is compiled to, valid for iptables-restore 1.8.9 of both variants, each with
 * packets that are aimed at its rules. The same random numbers give the same.
 */
final class RandomRulesets {
    /** A ruleset and what to send, in that order. */
    record Generated(Family family, String rules, List<Sending> packets) {}

    private static final Map<String, List<String>> HOOKS = new LinkedHashMap<>();

    static {
        HOOKS.put("raw", List.of("PREROUTING", "OUTPUT"));
        HOOKS.put("mangle", List.of("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"));
        HOOKS.put("nat", List.of("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"));
        HOOKS.put("filter", List.of("INPUT", "FORWARD", "OUTPUT"));
    }

    private final Random random;
    private final Pool pool;
    private final RandomMatches matches;
    private final RandomTargets targets;

    private RandomRulesets(Random random, Family family) {
        this.random = random;
        pool = new Pool(random, family);
        matches = new RandomMatches(pool);
        targets = new RandomTargets(pool);
    }

    /** Returns the next ruleset of {@code family} and its packets. */
    static Generated next(Random random, Family family) {
        RandomRulesets one = new RandomRulesets(random, family);
        StringBuilder rules = new StringBuilder();
        for (String table : HOOKS.keySet()) {
            if (random.nextInt(100) < (table.equals("filter") ? 95 : 45)) {
                one.table(table, rules);
            }
        }
        return new Generated(family, rules.toString(), new RandomPackets(one.pool).list());
    }

    private void table(String table, StringBuilder rules) {
        rules.append('*').append(table).append('\n');
        for (String chain : HOOKS.get(table)) {
            // iptables refuses a DROP policy in nat; policies other than ACCEPT elsewhere are rare and total.
            boolean drops = !table.equals("nat") && random.nextInt(table.equals("filter") ? 5 : 25) == 0;
            rules.append(':').append(chain).append(drops ? " DROP" : " ACCEPT").append(" [0:0]\n");
        }
        int users = random.nextInt(5);
        // A user chain is called from hooks of one kind only, so that all that stands in it is allowed there; and calls
        // go to later chains only, so that there is no loop.
        List<String> owners = new ArrayList<>();
        for (int i = 0; i < users; i++) {
            owners.add(pool.pick(HOOKS.get(table)));
            rules.append(":U").append(i).append(" - [0:0]\n");
        }
        for (String chain : HOOKS.get(table)) {
            rules(table, chain, chain, random.nextInt(table.equals("filter") ? 9 : 4), owners, -1, rules);
        }
        for (int i = 0; i < users; i++) {
            rules(table, "U" + i, owners.get(i), random.nextInt(5), owners, i, rules);
        }
        rules.append("COMMIT\n");
    }

    private void rules(
            String table, String chain, String hook, int count, List<String> owners, int self, StringBuilder rules) {
        for (int i = 0; i < count; i++) {
            RandomMatches.Matched matched = matches.next(hook);
            List<String> calls = new ArrayList<>();
            for (int other = self + 1; other < owners.size(); other++) {
                if (owners.get(other).equals(hook)) {
                    calls.add("U" + other);
                }
            }
            String target = !calls.isEmpty() && random.nextInt(3) == 0
                    ? (random.nextInt(4) == 0 ? "-g " : "-j ") + pool.pick(calls)
                    : targets.next(table, hook, self >= 0, matched);
            rules.append("-A ").append(chain).append(matched.text());
            rules.append(target.isEmpty() ? "" : " " + target).append('\n');
        }
    }
}
