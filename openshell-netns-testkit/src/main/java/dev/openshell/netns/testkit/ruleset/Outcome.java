package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.NatRange;

/** How a packet goes on behind a rule, or behind a whole table. */
public sealed interface Outcome {
    Outcome ACCEPT = new Simple("ACCEPT");
    Outcome DROP = new Simple("DROP");
    /** To the next rule. */
    Outcome CONTINUE = new Simple("CONTINUE");
    /** Back to the calling chain, or to the policy. */
    Outcome RETURN = new Simple("RETURN");
    /** To the target's chain. */
    Outcome JUMP = new Simple("JUMP");

    /** One that needs no more to be said. */
    record Simple(String name) implements Outcome {
        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * Dropped, with an answer to the sender.
     *
     * @param with the name behind {@code --reject-with}
     */
    record Reject(String with) implements Outcome {}

    /** Accepted, with the flow's source or destination to be translated. */
    record Nat(NatRange range, boolean source) implements Outcome {}

    /** Accepted, with the source to become an address of the outgoing interface. */
    record Masquerade(int minPort, int maxPort) implements Outcome {}

    /** Accepted, with the destination to become the host itself. */
    record Redirect(int minPort, int maxPort) implements Outcome {}
}
