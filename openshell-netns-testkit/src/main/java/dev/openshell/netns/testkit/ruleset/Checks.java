package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.IptablesVariant;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What the kernel checks when a table is committed: where extensions stand, and that no jump leads in a circle. */
final class Checks {
    private final Table table;
    private final boolean legacy;
    private final Map<Hook, Set<String>> seen = new EnumMap<>(Hook.class);

    private Checks(Table table, IptablesVariant variant) {
        this.table = table;
        this.legacy = variant == IptablesVariant.LEGACY;
    }

    static void check(Table table, IptablesVariant variant) {
        Checks checks = new Checks(table, variant);
        for (Chain chain : table.chains()) {
            chain.rules().forEach(checks::alone);
        }
        for (Hook hook : table.kind().hooks()) {
            checks.seen.put(hook, new HashSet<>());
            checks.walk(hook, table.chain(hook.name()), new HashSet<>());
        }
    }

    /** Checks a rule that the nft variant sends to the kernel and takes back in one go. */
    static void sent(Rule rule, Chain chain, Table table) {
        Checks checks = new Checks(table, IptablesVariant.NFT);
        checks.alone(rule);
        if (chain.builtIn()
                && !rule.matches().stream()
                        .allMatch(match -> checks.stands(match, chain, Hook.valueOf(chain.name())))) {
            throw RuleProblem.refused(rule.text(), "not valid in " + chain.name());
        }
    }

    private void alone(Rule rule) {
        if (!rule.target().tables().contains(table.kind())) {
            throw RuleProblem.refused(rule.target().text(), "not valid in table " + table.kind());
        }
        Selector selector = rule.selector();
        boolean nothing = (selector.notSource() && selector.source().isAll())
                || (selector.notDestination() && selector.destination().isAll());
        if (nothing && !legacy) {
            throw RuleProblem.refused(rule.text(), "the kernel refuses to compare no bits");
        }
        for (Match match : rule.matches()) {
            if (!match.problem().isEmpty()) {
                throw RuleProblem.refused(match.text(), match.problem());
            }
        }
    }

    private boolean stands(Match match, Chain chain, Hook hook) {
        return match.hooks().contains(hook) || (match.checksHooksItself() && !legacy && !chain.builtIn());
    }

    private void walk(Hook hook, Chain chain, Set<String> path) {
        if (!path.add(chain.name())) {
            throw RuleProblem.refused(chain.name(), "jumps lead in a circle (ELOOP)");
        }
        if (seen.get(hook).add(chain.name())) {
            for (Rule rule : chain.rules()) {
                boolean valid = rule.target().hooks().contains(hook)
                        && rule.matches().stream().allMatch(match -> stands(match, chain, hook));
                if (!valid) {
                    throw RuleProblem.refused(rule.text(), "not valid at hook " + hook);
                }
                if (!rule.target().chain().isEmpty()) {
                    walk(hook, table.chain(rule.target().chain()), path);
                }
                if (legacy
                        && rule.unconditional()
                        && rule.target() instanceof Target.Plain plain
                        && plain.isVerdict()) {
                    // The legacy kernel doesn't look at what no packet gets to.
                    break;
                }
            }
        }
        path.remove(chain.name());
    }
}
