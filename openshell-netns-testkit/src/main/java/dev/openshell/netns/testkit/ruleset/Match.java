package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.util.Map;
import java.util.Set;

/** A condition of a rule. */
interface Match {
    /** Returns whether {@code skb} meets it. A rate limit counts it. */
    boolean matches(Skb skb, View view);

    /** Returns it as iptables-save prints it, {@code -m} first; empty prints nothing. */
    String text();

    /**
     * Begins to count, at the commit that loads the rule: with the legacy variant at each, since it loads whole tables.
     *
     * @param tables what rules share by name
     */
    default void load(Map<String, RateTable> tables) {}

    /** Returns whether the nft variant makes one match of this and others of its name. */
    default boolean merges() {
        return false;
    }

    /** Returns what the kernel has against it wherever it stands, or an empty string. */
    default String problem() {
        return "";
    }

    /** Returns whether its own code asks for the hook: under nft it learns only that of a built-in chain. */
    default boolean checksHooksItself() {
        return false;
    }

    /** Returns the hooks at which the kernel lets it stand. */
    default Set<Hook> hooks() {
        return Set.of(Hook.values());
    }
}
