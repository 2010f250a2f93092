package dev.openshell.netns.linux.ruleset;

import java.util.ArrayList;
import java.util.List;

/** The words of a line of restore text: divided by spaces, or quoted with backslashes before quotes. */
final class Words {
    private final String line;
    private final List<String> words;
    private int next;

    Words(String line) {
        this.line = line;
        this.words = split(line);
    }

    private static List<String> split(String line) {
        List<String> words = new ArrayList<>(24);
        int at = 0;
        while (at < line.length()) {
            if (line.charAt(at) == ' ') {
                at++;
            } else if (line.charAt(at) == '"') {
                at = quoted(line, at + 1, words);
            } else {
                int end = line.indexOf(' ', at);
                end = end < 0 ? line.length() : end;
                words.add(line.substring(at, end));
                at = end;
            }
        }
        return words;
    }

    private static int quoted(String line, int from, List<String> words) {
        StringBuilder word = new StringBuilder();
        for (int at = from; at < line.length(); at++) {
            char c = line.charAt(at);
            if (c == '\\' && at + 1 < line.length()) {
                word.append(line.charAt(++at));
            } else if (c == '"') {
                words.add(word.toString());
                return at + 1;
            } else {
                word.append(c);
            }
        }
        throw new UnknownTokenException("\"" + word, line);
    }

    boolean more() {
        return next < words.size();
    }

    String next() {
        if (!more()) {
            throw new UnknownTokenException(words.get(words.size() - 1), line);
        }
        return words.get(next++);
    }

    /** Takes the next word where it is {@code wanted}. */
    boolean take(String wanted) {
        if (more() && words.get(next).equals(wanted)) {
            next++;
            return true;
        }
        return false;
    }

    UnknownTokenException unknown(String token) {
        return new UnknownTokenException(token, line);
    }

    @Override
    public String toString() {
        return line;
    }
}
