package dev.openshell.netns.linux.ruleset;

/** A rule has a word whose meaning is not known here. */
public final class UnknownTokenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final int MOST_OF_TOKEN = 80;
    private static final int MOST_OF_LINE = 1000;

    private final String token;
    private final String line;

    /** Makes one for {@code token} of the rule {@code line}. */
    public UnknownTokenException(String token, String line) {
        super("'" + cut(token, MOST_OF_TOKEN) + "' in '" + cut(line, MOST_OF_LINE) + "' is not known");
        this.token = cut(token, MOST_OF_TOKEN);
        this.line = cut(line, MOST_OF_LINE);
    }

    private static String cut(String text, int most) {
        return text.length() > most ? text.substring(0, most) + "…" : text;
    }

    /** Returns the word. */
    public String token() {
        return token;
    }

    /** Returns the rule or line that it is in. */
    public String line() {
        return line;
    }
}
