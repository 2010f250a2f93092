package dev.openshell.netns.linux.ruleset;

import java.util.Map;
import java.util.Set;

/**
 * Reads one {@code -m limit}, or one {@code -m connlimit} or {@code -m hashlimit} that matches what is beyond a limit,
 * of a rule that can only take away.
 */
final class LimitReader {
    private static final Map<String, Set<String>> WITH_VALUE = Map.of(
            "limit",
            Set.of("--limit", "--limit-burst"),
            "connlimit",
            Set.of("--connlimit-above", "--connlimit-upto", "--connlimit-mask"),
            "hashlimit",
            Set.of(
                    "--hashlimit-above",
                    "--hashlimit-upto",
                    "--hashlimit-burst",
                    "--hashlimit-mode",
                    "--hashlimit-name",
                    "--hashlimit-srcmask",
                    "--hashlimit-dstmask",
                    "--hashlimit-htable-size",
                    "--hashlimit-htable-max",
                    "--hashlimit-htable-expire",
                    "--hashlimit-htable-gcinterval"));

    private static final Set<String> FLAGS = Set.of("--connlimit-saddr", "--connlimit-daddr");

    private final String module;
    private final Words words;
    private boolean above;

    LimitReader(String module, Words words) {
        this.module = module;
        this.words = words;
        // It has only the one sense.
        this.above = module.equals("limit");
    }

    /** Reads the option where it is one of this match's. */
    boolean option(String option, boolean not) {
        if (module.equals("connlimit") && FLAGS.contains(option)) {
            return !not;
        }
        if (!WITH_VALUE.getOrDefault(module, Set.of()).contains(option)) {
            return false;
        }
        above |= option.equals("--" + module + "-above") && !not;
        words.next();
        return true;
    }

    /**
     * Returns the condition.
     *
     * @throws UnknownTokenException for what matches below the limit, and for a target that does more than take away
     */
    Condition condition(String target) {
        boolean takes = target.equals("DROP") || target.startsWith("REJECT ") || RuleReader.NOTES.contains(target);
        if (!above || !takes) {
            throw words.unknown(module);
        }
        return new Condition.Limited();
    }
}
