package dev.openshell.netns.testkit.ruleset;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cuts restore input into lines and a line into words, as iptables-restore does. */
final class RestoreLines {
    /** fgets(3) into a buffer of 10240 bytes: what is longer goes on as a line of its own. */
    private static final int LONGEST = 10239;
    /** MAX_ARGC of xshared.h without its end, the program's name and the table. */
    private static final int MOST_WORDS = 251;
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

    /** Returns the parts of a line that is no command. */
    static List<String> tokens(String line) {
        return Arrays.stream(line.split("[ \t\n]+"))
                .filter(token -> !token.isEmpty())
                .toList();
    }

    /**
     * Returns what of a command is read behind its counters {@code [1:2]}. As strtok(3) ends words in place, a colon
     * that comes late cuts the command off.
     */
    static String withoutCounters(String line) {
        if (!line.startsWith("[")) {
            return line;
        }
        int end = line.indexOf(']');
        int first = 1;
        while (line.startsWith(":", first)) {
            first++;
        }
        int colon = line.indexOf(':', first);
        boolean bytes =
                colon >= 0 && !line.substring(colon + 1).replace("]", "").isEmpty();
        if (end < 0 || first >= line.length() || !bytes) {
            throw RuleProblem.refused(line.strip(), "counters are written [1:2]");
        }
        return colon > end ? line.substring(end + 1, colon) : line.substring(end + 1);
    }

    /**
     * Returns the words of {@code line}. White space parts them and double quotes keep them together; the closing
     * quote ends a word even where no space follows, and a quote that is never closed takes the line's end in.
     */
    static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean quoted = false;
        boolean escaped = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            boolean space = c == ' ' || c == '\t' || c == '\n';
            if (quoted && !escaped && c == '\\') {
                escaped = true;
            } else if (quoted ? escaped || c != '"' : c != '"' && !space) {
                word.append(c);
                escaped = false;
            } else if (c == '"' && !quoted) {
                quoted = true;
            } else {
                if (quoted || word.length() > 0) {
                    add(words, word);
                }
                quoted = false;
            }
            if (word.length() >= LONGEST_WORD) {
                throw RuleProblem.refused(word.substring(0, 32), "a word is too long");
            }
        }
        if (word.length() > 0) {
            add(words, word);
        }
        return words;
    }

    private static void add(List<String> words, StringBuilder word) {
        words.add(word.toString());
        word.setLength(0);
        if (words.size() > MOST_WORDS) {
            throw RuleProblem.refused(words.get(0), "too many words");
        }
    }
}
