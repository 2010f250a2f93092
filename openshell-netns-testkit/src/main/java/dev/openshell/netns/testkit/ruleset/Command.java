package dev.openshell.netns.testkit.ruleset;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One line of restore input in a table.
 *
 * @param letter the command's short option without its dash
 * @param number a rule's number, from 1
 * @param policy what stands behind {@code -P CHAIN}
 * @param rules the rules that it speaks of: one for each pair of addresses
 */
record Command(char letter, Optional<String> chain, OptionalInt number, Optional<String> policy, List<Rule> rules) {
    /** A line that does nothing. */
    static final Command NONE = new Command('-', Optional.empty(), OptionalInt.empty(), Optional.empty(), List.of());

    /** Returns the chain, which the parser saw to for the commands that need one. */
    String name() {
        return chain.orElseThrow();
    }
}
