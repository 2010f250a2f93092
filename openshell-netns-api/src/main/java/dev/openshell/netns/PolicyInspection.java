package dev.openshell.netns;

/**
 * What a policy does, found out without doing it: its names are resolved, nothing is changed, no privilege is needed.
 *
 * <pre>{@code
 * PolicyInspection inspection = NetnsSandbox.builder().directTcp("203.0.113.10").inspect();
 * inspection.verify();                                        // throws where the rules admit anything else
 * inspection.explain(Flow.parse("tcp:203.0.113.11:443"));     // denied, by which rule, and what would allow it
 * }</pre>
 *
 * <p>A value in effect: it says always the same of the same policy, but for {@link #report()}, which asks the machine.
 * Not for implementation by others.
 *
 * @since 0.1
 */
@Incubating
public interface PolicyInspection {
    /** Returns the policy. */
    SandboxPolicy policy();

    /** Returns what would be enforced, on a link that stands for any; of a live sandbox what is, on its own. */
    RuleSet ruleSet();

    /** Returns what would be done, step by step. */
    SandboxPlan plan();

    /**
     * Returns the proof that the rules, read back from the text that would be loaded, admit exactly what the policy
     * allows.
     *
     * @throws VerificationException when they don't
     */
    Verified verify();

    /**
     * Returns what becomes of {@code flow}, hook by hook, and what would allow it.
     *
     * @throws NetnsException when the flow's host is a name without an address
     */
    Explanation explain(Flow flow);

    /**
     * Returns what changes from this policy to {@code other}; of a live sandbox also which of its flows would be cut.
     *
     * @throws NetnsException when a name of {@code other} has no address that can be opened
     */
    PolicyDiff diff(SandboxPolicy other);

    /** Returns what remains possible, and what is to know of the machine: with privilege that is tried in a namespace apart. */
    PolicyReport report();

    /** Returns a picture of it all as an SVG document. */
    String svg();
}
