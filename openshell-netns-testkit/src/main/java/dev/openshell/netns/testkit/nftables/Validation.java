package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;

/** What Linux checks of a whole table: every way from each base chain (nft_table_validate). */
final class Validation {
    private static final int DEEPEST = 16;
    private static final int EMLINK = 31;

    private final NfTable table;
    private final NfChain.Base base;

    private Validation(NfTable table, NfChain.Base base) {
        this.table = table;
        this.base = base;
    }

    /** Checks {@code table}: EMLINK for ways that are too long, or go round; EOPNOTSUPP for what its hook is not for. */
    static void check(NfTable table) {
        for (NfChain chain : table.chains.values()) {
            if (chain.base != null) {
                new Validation(table, chain.base).check(chain, 0);
            }
        }
    }

    private void check(NfChain chain, int level) {
        if (level == DEEPEST) {
            throw new NetException(EMLINK, "");
        }
        for (NfRule rule : chain.rules) {
            for (Expression expression : rule.expressions()) {
                expression.check(base);
                for (String to : expression.chains()) {
                    check(table.chain(to), level + 1);
                }
                NfSet set = table.sets.get(expression.set());
                if (set != null && expression.decides()) {
                    check(set, level);
                }
            }
        }
    }

    private void check(NfSet set, int level) {
        for (NfSet.Element element : set.elements) {
            if (element.verdict() != null && !element.verdict().chain().isEmpty()) {
                check(table.chain(element.verdict().chain()), level + 1);
            }
        }
    }
}
