package dev.openshell.netns.testkit.ruleset;

import java.util.ArrayList;
import java.util.List;

/** Cuts restore input into lines and a line into words, as iptables-restore does. */
final class RestoreLines {
    /** fgets(3) into a buffer of 10240 bytes: what is longer goes on as a line of its own. */
    private static final int LONGEST = 10239;
    /** MAX_ARGC of xshared.h. */
    private static final int MOST_WORDS = 255;
    /** The buffer of one word. */
    private static final int LONGEST_WORD = 1024;

    private RestoreLines() {}

    static List<String> of(String text) {
        List<String> lines = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int end = text.indexOf('\n', at);
            int next = end < 0 ? text.length() : end + 1;
            next = Math.min(next, at + LONGEST);
            String line = text.substring(at, next);
            // C's string ends at a NUL, and with it the line's own newline is lost.
            int nul = line.indexOf('\0');
            lines.add(nul < 0 ? line : line.substring(0, nul));
            at = next;
        }
        return lines;
    }

    /** Returns the words of {@code line}; white space parts them, double quotes keep them together. */
    static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean quoted = false;
        boolean wasQuoted = false;
        boolean escaped = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (quoted && escaped) {
                word.append(c);
                escaped = false;
            } else if (quoted && c == '\\') {
                escaped = true;
            } else if (quoted && c == '"') {
                quoted = false;
            } else if (!quoted && c == '"') {
                quoted = true;
                wasQuoted = true;
            } else if (!quoted && (c == ' ' || c == '\t' || c == '\n')) {
                if (word.length() > 0 || wasQuoted) {
                    words.add(word.toString());
                }
                word.setLength(0);
                wasQuoted = false;
            } else {
                word.append(c);
            }
            if (word.length() >= LONGEST_WORD) {
                throw RuleProblem.refused(word.substring(0, 32), "a word is too long");
            }
        }
        if (word.length() > 0 || wasQuoted) {
            words.add(word.toString());
        }
        if (words.size() > MOST_WORDS) {
            throw RuleProblem.refused(words.get(0), "too many words");
        }
        return words;
    }
}
