package dev.openshell.netns.linux.base;

import java.util.ArrayList;
import java.util.List;

/** The lines of iptables-restore input and of what iptables-save prints. */
public final class RestoreLines {
    private RestoreLines() {}

    /**
     * Returns the lines of {@code text}. A line goes on while a quote is open: iptables-save prints a comment's line
     * break as it is, and what stands behind it is no rule.
     */
    public static List<String> of(String text) {
        List<String> lines = new ArrayList<>();
        for (int from = 0; from < text.length(); ) {
            int end = end(text, from);
            lines.add(text.substring(from, end));
            from = end + 1;
        }
        return lines;
    }

    private static int end(String text, int from) {
        boolean comment = text.charAt(from) == '#';
        int end = lineBreak(text, from);
        int quote = comment ? -1 : text.indexOf('"', from);
        while (quote >= 0 && quote < end) {
            int closing = closing(text, quote + 1);
            end = lineBreak(text, closing);
            quote = text.indexOf('"', Math.min(closing + 1, text.length()));
        }
        return end;
    }

    private static int lineBreak(String text, int from) {
        int at = text.indexOf('\n', Math.min(from, text.length()));
        return at < 0 ? text.length() : at;
    }

    /** Returns where the quoted word ends, the end of the text where it does not. */
    private static int closing(String text, int from) {
        for (int at = from; at < text.length(); at++) {
            if (text.charAt(at) == '\\') {
                at++;
            } else if (text.charAt(at) == '"') {
                return at;
            }
        }
        return text.length();
    }
}
