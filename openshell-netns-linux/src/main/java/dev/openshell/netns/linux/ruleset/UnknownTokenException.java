package dev.openshell.netns.linux.ruleset;

/** A rule has a word whose meaning is not known here. */
public final class UnknownTokenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String token;
    private final String line;

    /** Makes one for {@code token} of the rule {@code line}. */
    public UnknownTokenException(String token, String line) {
        super("'" + token + "' in '" + line + "' is not known");
        this.token = token;
        this.line = line;
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
