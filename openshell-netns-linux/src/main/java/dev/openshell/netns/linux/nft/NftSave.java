package dev.openshell.netns.linux.nft;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes this library's tables as iptables-save would. */
final class NftSave {
    private static final List<String> TABLES = List.of("raw", "nat", "filter");

    private static final String FORWARD = "OPENSHELL-FORWARD";

    private NftSave() {}

    /**
     * Returns the tables as text. Where others' rules come before those of {@code passage}, the filter table has a rule
     * that says so: what it allows does not all pass then. Where that alone is left, it has an empty chain.
     */
    static String text(NftTables tables, Passage passage, boolean counters) {
        List<String> lines = new ArrayList<>();
        for (String table : TABLES) {
            if (tables.has(table)) {
                table(tables, passage, table, counters, lines);
            }
        }
        if (lines.isEmpty() && passage.isThere()) {
            lines.addAll(List.of("*filter", ":" + FORWARD + " - [0:0]", "COMMIT"));
        }
        return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
    }

    private static void table(NftTables tables, Passage passage, String table, boolean counters, List<String> lines) {
        Map<String, String> chains = tables.chains(table);
        Map<String, List<NftTables.Present>> rules = tables.rules(table);
        Set<String> all = new LinkedHashSet<>(chains.keySet());
        all.addAll(rules.keySet());
        lines.add("*" + table);
        all.forEach(chain -> lines.add(":" + chain + " " + chains.getOrDefault(chain, "-") + " [0:0]"));
        if (table.equals("filter") && chains.containsKey(FORWARD) && !passage.isWhole()) {
            lines.add((counters ? "[0:0] " : "")
                    + "-A FORWARD -m comment --comment \"rules of others come first in table" + " filter\" -j STRANGE");
        }
        all.forEach(chain -> rules.getOrDefault(chain, List.of()).forEach(rule -> {
            String counted = counters ? "[" + rule.packets() + ":" + rule.bytes() + "] " : "";
            lines.add(counted + "-A " + chain + " " + rule.text());
        }));
        lines.add("COMMIT");
    }
}
