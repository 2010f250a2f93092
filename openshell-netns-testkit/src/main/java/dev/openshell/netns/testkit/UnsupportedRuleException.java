package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.ruleset.RuleProblem;

/**
 * A ruleset that can't be traced. Nothing is ever left out: what the tracer does not know, and what iptables-restore
 * itself refuses, is said with the word and the line.
 *
 * @since 0.1
 */
public class UnsupportedRuleException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String token;
    private final int line;
    private final boolean malformed;

    UnsupportedRuleException(RuleProblem problem) {
        super("line " + problem.line() + ": '" + printable(problem.token()) + "': " + problem.getMessage(), problem);
        this.token = problem.token();
        this.line = problem.line();
        this.malformed = problem.refused();
    }

    private static String printable(String token) {
        return token.codePoints()
                .limit(80)
                .map(c -> Character.isISOControl(c) ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Returns the word that it is about. */
    public String token() {
        return token;
    }

    /** Returns the number of its line, from 1. */
    public int line() {
        return line;
    }

    /** Returns whether iptables-restore refuses it too; otherwise Linux may well know it. */
    public boolean malformed() {
        return malformed;
    }
}
