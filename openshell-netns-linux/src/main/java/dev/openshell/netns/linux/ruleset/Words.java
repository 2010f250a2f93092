package dev.openshell.netns.linux.ruleset;

import org.jspecify.annotations.Nullable;

/**
 * The words of a line of restore text: divided by spaces, or quoted with backslashes before quotes. Each is cut out when
 * it is asked for, since a ruleset has thousands of lines and much in them is passed by.
 */
final class Words {
    private final String line;
    /** Where the word begins that was taken last, and where it ends. */
    private int from;

    private int end;
    /** Where the first quote behind it is, −1 without any. */
    private int quote;

    Words(String line) {
        this.line = line;
        this.quote = line.indexOf('"');
        boolean open = false;
        boolean escaped = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            // A tab would divide words and a NUL end the line; in quotes iptables-save prints all but that as it is.
            if (c < ' ' && (c == 0 || !open)) {
                throw new UnknownTokenException(line.substring(line.lastIndexOf(' ', i) + 1), line);
            }
            open ^= c == '"' && !escaped;
            escaped = open && c == '\\' && !escaped;
        }
    }

    boolean more() {
        return start() < line.length();
    }

    /** Returns where the next word begins. */
    private int start() {
        int start = end;
        while (start < line.length() && line.charAt(start) == ' ') {
            start++;
        }
        return start;
    }

    String next() {
        skip();
        return word(from, end);
    }

    /** Passes the next word by. */
    void skip() {
        int start = start();
        if (start == line.length()) {
            throw new UnknownTokenException(word(from, end), line);
        }
        take(start, end(start));
    }

    /** Takes the next word where it is {@code wanted}. */
    boolean take(String wanted) {
        int start = start();
        if (start == line.length() || line.charAt(start) != wanted.charAt(0) && line.charAt(start) != '"') {
            return false;
        }
        int behind = end(start);
        boolean is = word(start, behind).equals(wanted);
        if (is) {
            take(start, behind);
        }
        return is;
    }

    private void take(int start, int behind) {
        from = start;
        end = behind;
        quote = quote >= 0 && quote < behind ? line.indexOf('"', behind) : quote;
    }

    /**
     * Returns where the word ends that begins at {@code start}. A quote may begin inside of it, and where that ends the
     * word does (add_param_to_argv in xshared.c).
     */
    private int end(int start) {
        int space = line.indexOf(' ', start);
        int behind = space < 0 ? line.length() : space;
        if (quote < 0 || quote >= behind) {
            return behind;
        }
        for (int i = quote + 1; i < line.length(); i++) {
            if (line.charAt(i) == '"') {
                return i + 1;
            }
            i += line.charAt(i) == '\\' ? 1 : 0;
        }
        throw new UnknownTokenException("\"" + text(start, line.length()), line);
    }

    private String word(int start, int behind) {
        return line.charAt(behind - 1) == '"' ? text(start, behind) : line.substring(start, behind);
    }

    /** Returns the word without its quotes and their backslashes. */
    private String text(int start, int behind) {
        int open = line.indexOf('"', start);
        StringBuilder word = new StringBuilder(line.substring(start, open));
        for (int i = open + 1; i < behind; i++) {
            char c = line.charAt(i);
            if (c == '\\' && i + 1 < behind) {
                word.append(line.charAt(++i));
            } else if (c != '"') {
                word.append(c);
            }
        }
        return word.toString();
    }

    /** Returns what {@code option} asks for, where that could be read. */
    <T> T known(@Nullable T value, String option) {
        if (value == null) {
            throw unknown(option);
        }
        return value;
    }

    UnknownTokenException unknown(String token) {
        return new UnknownTokenException(token, line);
    }

    @Override
    public String toString() {
        return line;
    }
}
