package dev.openshell.netns.linux.ruleset;

import dev.openshell.netns.Family;
import java.util.ArrayList;
import java.util.List;

/** A chain's policy and its rules; a rule is read when it is first asked for. */
public final class Chain {
    private final Family family;
    private final String name;
    private String policy;
    private final List<String> lines = new ArrayList<>();

    Chain(Family family, String name, String policy) {
        this.family = family;
        this.name = name;
        this.policy = policy;
    }

    boolean same(Chain other) {
        return other.policy.equals(policy) && other.lines.equals(lines);
    }

    Chain copy() {
        Chain copy = new Chain(family, name, policy);
        copy.lines.addAll(lines);
        return copy;
    }

    /** Returns the name. */
    public String name() {
        return name;
    }

    /** Returns {@code ACCEPT} or {@code DROP} of a built-in chain, and {@code -} of another. */
    public String policy() {
        return policy;
    }

    /** Returns the rules' text: {@code -A CHAIN …}. */
    public List<String> lines() {
        return lines;
    }

    /**
     * Returns rule {@code index}.
     *
     * @throws UnknownTokenException for a word that is not known
     */
    public Rule rule(int index) {
        return new RuleReader(family, lines.get(index)).read();
    }

    void policy(String other) {
        policy = other;
    }
}
