package dev.openshell.netns.linux.rules;

import dev.openshell.netns.linux.base.RestoreLines;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What iptables-save printed: tables, their chains, and each chain's rules as they were printed. */
final class SavedRules {
    private static final Pattern QUOTED = Pattern.compile("\"(?:[^\"\\\\]++|\\\\.)*+\"", Pattern.DOTALL);

    private static final Pattern COMMENT = Pattern.compile(" --comment (?:\"([^\"]*)\"|(\\S+))");

    private final Map<String, Map<String, List<String>>> tables = new LinkedHashMap<>();

    private SavedRules() {}

    static SavedRules parse(String text) {
        SavedRules saved = new SavedRules();
        Map<String, List<String>> table = new LinkedHashMap<>();
        for (String line : RestoreLines.of(text)) {
            if (line.startsWith("*")) {
                table = saved.tables.computeIfAbsent(line.substring(1).strip(), name -> new LinkedHashMap<>());
            } else if (line.startsWith(":")) {
                table.computeIfAbsent(line.substring(1).split(" ", 2)[0], name -> new ArrayList<>());
            } else if (line.startsWith("-A ")) {
                table.computeIfAbsent(line.split(" ", 3)[1], name -> new ArrayList<>())
                        .add(line);
            }
        }
        return saved;
    }

    /** Reads a sandbox's own input as iptables-save prints what it loads: what goes first is there like the rest. */
    static SavedRules ofLoaded(String text) {
        return parse(text.replace("-I " + Chains.SOURCE + " 1 ", "-A " + Chains.SOURCE + " "));
    }

    List<String> tables() {
        return List.copyOf(tables.keySet());
    }

    List<String> chains(String table) {
        return List.copyOf(tables.getOrDefault(table, Map.of()).keySet());
    }

    boolean hasChain(String table, String chain) {
        return tables.getOrDefault(table, Map.of()).containsKey(chain);
    }

    List<String> rules(String table, String chain) {
        return List.copyOf(tables.getOrDefault(table, Map.of()).getOrDefault(chain, List.of()));
    }

    boolean hasRules() {
        return tables.values().stream()
                .anyMatch(table -> table.values().stream().anyMatch(rules -> !rules.isEmpty()));
    }

    /** Returns what a printed rule jumps or goes to, or an empty string. */
    static String target(String rule) {
        String jump = option(rule, "-j");
        return jump.isEmpty() ? option(rule, "-g") : jump;
    }

    /** Returns the interface that a printed rule matches as incoming, or an empty string. */
    static String incoming(String rule) {
        return option(rule, "-i");
    }

    /** Returns the comment of a printed rule, or an empty string. */
    static String comment(String rule) {
        Matcher comment = COMMENT.matcher(rule);
        return !comment.find() ? "" : comment.group(1) != null ? comment.group(1) : comment.group(2);
    }

    /** Returns the word behind {@code option}, or an empty string. What stands in quotes, a comment, is no option. */
    static String option(String rule, String option) {
        String[] words = QUOTED.matcher(rule).replaceAll("\"\"").split(" ");
        for (int i = 0; i + 1 < words.length; i++) {
            if (words[i].equals(option)) {
                return words[i + 1];
            }
        }
        return "";
    }
}
