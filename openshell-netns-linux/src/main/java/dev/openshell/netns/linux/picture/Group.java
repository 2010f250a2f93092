package dev.openshell.netns.linux.picture;

import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All that one builder call allowed.
 *
 * @param origin the call, printable
 * @param rows never empty
 */
record Group(Rule.Kind kind, String origin, List<Row> rows) {
    private record Key(Rule.Kind kind, String origin) {}

    /** Returns the groups of {@code rules}, in the rules' order: by kind first. */
    static List<Group> of(RuleSet rules) {
        Map<Key, List<Rule>> byCall = new LinkedHashMap<>();
        for (Rule rule : rules.rules()) {
            byCall.computeIfAbsent(new Key(rule.kind(), rule.origin()), key -> new ArrayList<>())
                    .add(rule);
        }
        List<Group> groups = new ArrayList<>();
        byCall.forEach((key, members) -> groups.add(new Group(key.kind, Words.printable(key.origin), Row.of(members))));
        return List.copyOf(groups);
    }

    /** Returns how many rows {@code groups} have together. */
    static int rows(List<Group> groups) {
        return groups.stream().mapToInt(group -> group.rows.size()).sum();
    }
}
