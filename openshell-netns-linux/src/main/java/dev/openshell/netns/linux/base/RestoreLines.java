package dev.openshell.netns.linux.base;

import java.util.ArrayList;
import java.util.List;

/** The lines of iptables-restore input and of what iptables-save prints. */
public final class RestoreLines {
    /** What stands before a comment. Nothing else that iptables-save quotes can have a line break in it. */
    private static final String COMMENT = " -m comment --comment \"";

    /** What lines begin with that are notes, tables and chains: these have no comments. */
    private static final String NO_RULES = "#*:";

    private RestoreLines() {}

    /**
     * Returns the lines of {@code text}. A line goes on while a comment is open: iptables-save prints a comment's line
     * break as it is, and what stands behind it is no rule. A quote elsewhere may be part of a name, which is printed
     * without quotes of its own: what stands behind it are rules.
     */
    public static List<String> of(String text) {
        List<String> lines = new ArrayList<>();
        int comment = text.indexOf(COMMENT);
        for (int from = 0; from < text.length(); ) {
            comment = comment >= 0 && comment < from ? text.indexOf(COMMENT, from) : comment;
            int end = lineBreak(text, from);
            while (comment >= 0 && comment < end && NO_RULES.indexOf(text.charAt(from)) < 0) {
                int closing = closing(text, comment + COMMENT.length());
                end = lineBreak(text, closing);
                comment = text.indexOf(COMMENT, closing);
            }
            lines.add(text.substring(from, end));
            from = end + 1;
        }
        return lines;
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
