package dev.openshell.netns.linux.rules;

import com.google.common.math.LongMath;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.RestoreLines;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What iptables-save printed with counters: the rules, and how many packets each limit of a sandbox dropped. */
public final class CountedRules {
    private static final Pattern COUNTER = Pattern.compile("^\\[([0-9]{1,18}):[0-9]+\\] (?=-A )");

    private final String text;
    private final Map<String, Map<String, Long>> limits = new LinkedHashMap<>();

    /** Reads {@code saved}. */
    public CountedRules(String saved) {
        StringBuilder plain = new StringBuilder();
        for (String line : RestoreLines.of(saved)) {
            Matcher counter = COUNTER.matcher(line);
            String rule = counter.find() ? line.substring(counter.end()) : line;
            if (rule.length() < line.length()) {
                count(rule, Long.parseLong(counter.group(1)));
            }
            plain.append(rule).append('\n');
        }
        text = plain.toString();
    }

    private void count(String rule, long packets) {
        String link = Chains.link(SavedRules.option(rule, "-A"));
        boolean limit = !SavedRules.option(rule, "--connlimit-above").isEmpty()
                || !SavedRules.option(rule, "--hashlimit-above").isEmpty();
        if (limit
                && link.startsWith(VethPair.HOST_PREFIX)
                && SavedRules.target(rule).equals("DROP")) {
            limits.computeIfAbsent(link, each -> new LinkedHashMap<>())
                    .merge(SavedRules.comment(rule), packets, LongMath::saturatedAdd);
        }
    }

    /** Returns the rules as they are printed without counters. */
    public String text() {
        return text;
    }

    /** Returns the packets that the limits of {@code link} dropped, by the comment of the rule: the call that set it. */
    public Map<String, Long> limited(String link) {
        return limits.getOrDefault(link, Map.of());
    }
}
