package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.util.Set;

/** A condition of a rule. */
interface Match {
    /** Returns whether {@code skb} meets it. A rate limit counts it. */
    boolean matches(Skb skb, View view);

    /** Returns it as iptables-save prints it, {@code -m} first; empty prints nothing. */
    String text();

    /** Returns the hooks at which the kernel lets it stand. */
    default Set<Hook> hooks() {
        return Set.of(Hook.values());
    }
}
