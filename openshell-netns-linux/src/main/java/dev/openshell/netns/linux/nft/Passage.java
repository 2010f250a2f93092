package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.netlink.Answers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The rules that let sandboxes' packets through the filter table that iptables-nft has, whose policy or rules would drop
 * them otherwise: an accept in this library's own tables overrules nobody. What the policy does not allow is dropped in
 * these all the same.
 */
final class Passage {
    /** Their filter table. */
    private static final String TABLE = "filter";

    private static final Map<String, List<String>> RULES = rules();

    private final NftTables tables;
    private final Lookups lookups;
    private final Family family;

    Passage(NftTables tables, Lookups lookups, Family family) {
        this.tables = tables;
        this.lookups = lookups;
        this.family = family;
    }

    private static Map<String, List<String>> rules() {
        Map<String, List<String>> rules = new LinkedHashMap<>();
        rules.put("INPUT", List.of("-i osh-+ -j ACCEPT"));
        rules.put("FORWARD", List.of("-i osh-+ -j ACCEPT", "-o osh-+ -j ACCEPT"));
        rules.put("OUTPUT", List.of("-o osh-+ -j ACCEPT"));
        return rules;
    }

    /** Adds to {@code batch} what makes it whole: they are the first rules of their chains, and there once. */
    void open(Batch batch) {
        for (String chain : chains()) {
            List<Answers.Netfilter> there = tables.foreignRules(TABLE, chain);
            if (!isWhole(chain, there)) {
                delete(batch, chain, there);
                wanted(chain).forEach(expressions -> batch.foreign(TABLE, chain, expressions));
            }
        }
    }

    /** Adds to {@code batch} what takes them away. */
    void close(Batch batch) {
        chains().forEach(chain -> delete(batch, chain, tables.foreignRules(TABLE, chain)));
    }

    /** Returns whether nothing of theirs comes before them. */
    boolean isWhole() {
        return chains().stream().allMatch(chain -> isWhole(chain, tables.foreignRules(TABLE, chain)));
    }

    /** Returns whether one of them is there. */
    boolean isThere() {
        return chains().stream()
                .anyMatch(chain -> tables.foreignRules(TABLE, chain).stream().anyMatch(rule -> isOne(chain, rule)));
    }

    /** Theirs are made as they need them. */
    private List<String> chains() {
        return lookups.hasTable(family, TABLE)
                ? RULES.keySet().stream()
                        .filter(chain -> lookups.hasChain(family, TABLE, chain))
                        .toList()
                : List.of();
    }

    private boolean isWhole(String chain, List<Answers.Netfilter> there) {
        List<Answers.Netfilter> first = there.stream()
                .limit(RULES.getOrDefault(chain, List.of()).size())
                .toList();
        return wanted(chain).stream().allMatch(expressions -> first.stream().anyMatch(rule -> is(rule, expressions)));
    }

    private void delete(Batch batch, String chain, List<Answers.Netfilter> there) {
        there.stream()
                .filter(rule -> isOne(chain, rule))
                .forEach(rule -> batch.deleteForeign(
                        TABLE, chain, Shown.longer(rule.attributes().get(3))));
    }

    private boolean isOne(String chain, Answers.Netfilter rule) {
        return wanted(chain).stream().anyMatch(expressions -> is(rule, expressions));
    }

    private List<byte[]> wanted(String chain) {
        List<byte[]> wanted = new ArrayList<>();
        RULES.getOrDefault(chain, List.of()).forEach(text -> wanted.add(Expressions.of(RuleText.read(text), family)));
        return wanted;
    }

    private static boolean is(Answers.Netfilter rule, byte[] expressions) {
        return Shown.same(rule.attributes().getOrDefault(4, new byte[0]), expressions);
    }
}
