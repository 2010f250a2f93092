package dev.openshell.netns.testkit.ruleset;

/** A line that can't be read: Linux refuses it too, or this interpreter does not know what it means. */
public final class RuleProblem extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String token;
    private final boolean refused;
    private final int line;

    private RuleProblem(String token, boolean refused, String reason, int line) {
        super(reason);
        this.token = token;
        this.refused = refused;
        this.line = line;
    }

    /** Returns what iptables-restore or the kernel refuses as well. */
    public static RuleProblem refused(String token, String reason) {
        return new RuleProblem(token, true, reason, 0);
    }

    /** Returns what Linux may well know. */
    public static RuleProblem unknown(String token, String what) {
        return new RuleProblem(token, false, what + " is not known here", 0);
    }

    RuleProblem at(int number) {
        return line != 0 ? this : new RuleProblem(token, refused, getMessage(), number);
    }

    /** Returns the word that it is about. */
    public String token() {
        return token;
    }

    /** Returns whether Linux refuses it too. */
    public boolean refused() {
        return refused;
    }

    /** Returns the line's number, from 1. */
    public int line() {
        return line;
    }
}
