package dev.openshell.netns.testkit.ruleset;

import java.util.List;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/** Puts a rule's words together as iptables-save does. */
final class Words {
    /** What xtables_save_string prints without quotes. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_-]+");

    private final StringJoiner text = new StringJoiner(" ");

    Words add(String word) {
        if (!word.isEmpty()) {
            text.add(word);
        }
        return this;
    }

    /** Adds an option, with {@code !} before it where it is negated. */
    Words option(boolean negated, String name, Object... values) {
        if (negated) {
            text.add("!");
        }
        text.add(name);
        for (Object value : values) {
            text.add(value.toString());
        }
        return this;
    }

    /** Adds an option with free text, quoted where it needs it. */
    Words quoted(String name, String value) {
        text.add(name);
        text.add(PLAIN.matcher(value).matches() ? value : '"' + value.replaceAll("([\"\\\\'])", "\\\\$1") + '"');
        return this;
    }

    /** Returns the first of {@code known} that {@code word} is the beginning of. */
    static String startedBy(String word, List<String> known, String problem) {
        return known.stream()
                .filter(each -> !word.isEmpty() && each.regionMatches(true, 0, word, 0, word.length()))
                .findFirst()
                .orElseThrow(() -> RuleProblem.refused(word, problem));
    }

    static String hex(int value) {
        return "0x" + Integer.toHexString(value);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
