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
        int quote = line.indexOf('"');
        while (at < line.length()) {
            int end = line.indexOf(' ', at);
            end = end < 0 ? line.length() : end;
            if (line.charAt(at) == ' ') {
                at++;
            } else if (quote >= at && quote < end) {
                at = quoted(line, at, quote, words);
                quote = line.indexOf('"', at);
            } else {
                words.add(plain(line, at, end));
                at = end;
            }
        }
        return words;
    }

    /** A tab would divide words and a NUL end the line; iptables-save prints neither. */
    private static String plain(String line, int from, int end) {
        for (int at = from; at < end; at++) {
            if (line.charAt(at) < ' ') {
                throw new UnknownTokenException(line.substring(from, end), line);
            }
        }
        return line.substring(from, end);
    }

    /** A quote may begin inside of a word, and where it ends the word does (add_param_to_argv in xshared.c). */
    private static int quoted(String line, int from, int quote, List<String> words) {
        StringBuilder word = new StringBuilder(plain(line, from, quote));
        for (int at = quote + 1; at < line.length(); at++) {
            char c = line.charAt(at);
            if (c == '\\' && at + 1 < line.length()) {
                word.append(line.charAt(++at));
            } else if (c == '"') {
                words.add(word.toString());
                return at + 1;
            } else if (c == 0) {
                throw new UnknownTokenException("\"" + word, line);
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
