package dev.openshell.netns.linux.rules;

import dev.openshell.netns.Family;
import dev.openshell.netns.RuleSet;

/** Turns a rule set into the text that a backend loads. Pure: the same input always yields the same text. */
public interface RuleCompiler {
    /** Returns the whole ruleset of the sandbox's own namespace. */
    String sandbox(RuleSet rules, Family family);

    /**
     * Returns what is added on the host end, behind the standing deny: source address, forwarding, proxy, replies,
     * masquerade. Empty where the link has no address of {@code family}.
     *
     * @param owner whose they are, which stands beside them; empty for nobody's
     */
    String host(RuleSet rules, Family family, String owner);

    /** Returns the same as nobody's. */
    default String host(RuleSet rules, Family family) {
        return host(rules, family, "");
    }
}
