package dev.openshell.netns.linux.plan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Rules that only get more: what is new is put between those that are there, in one load. To take away a rule, or a
 * chain, the kernel waits for an RCU grace period.
 */
final class Insertion {
    private Insertion() {}

    /**
     * Returns what turns the rules {@code before} into {@code after}, for iptables-restore with {@code --noflush}: an
     * empty text where they are the same, nothing where that takes more than insertions.
     */
    static Optional<String> of(String before, String after) {
        Map<String, Deque<String>> there = new HashMap<>();
        before.lines().filter(Insertion::isRule).forEach(rule -> there.computeIfAbsent(
                        chain(rule), chain -> new ArrayDeque<>())
                .add(rule));
        if (!frame(before).equals(frame(after))) {
            return Optional.empty();
        }
        Map<String, Integer> positions = new HashMap<>();
        List<String> lines = new ArrayList<>(List.of("*filter"));
        after.lines().filter(Insertion::isRule).forEach(rule -> {
            int position = positions.merge(chain(rule), 1, Integer::sum);
            Deque<String> left = there.getOrDefault(chain(rule), new ArrayDeque<>());
            if (!left.isEmpty() && left.peek().equals(rule)) {
                left.remove();
            } else {
                String match = rule.substring(("-A " + chain(rule)).length());
                lines.add("-I " + chain(rule) + " " + position + match);
            }
        });
        if (there.values().stream().anyMatch(left -> !left.isEmpty())) {
            return Optional.empty();
        }
        lines.add("COMMIT");
        return Optional.of(lines.size() == 2 ? "" : String.join("\n", lines) + "\n");
    }

    private static List<String> frame(String text) {
        return text.lines().filter(line -> !isRule(line)).toList();
    }

    private static boolean isRule(String line) {
        return line.startsWith("-A ");
    }

    private static String chain(String rule) {
        return rule.split(" ", 3)[1];
    }
}
