package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.util.EnumSet;
import java.util.Set;

/** What a rule does with a packet that it matches. */
interface Target {
    /** Does it, and returns how the packet goes on. */
    Outcome apply(Skb skb);

    /** Returns it as iptables-save prints it behind {@code -j}; empty for a rule without a target. */
    String text();

    /** Returns the tables in which the kernel lets it stand. */
    default Set<TableKind> tables() {
        return EnumSet.allOf(TableKind.class);
    }

    /** Returns the hooks at which the kernel lets it stand. */
    default Set<Hook> hooks() {
        return EnumSet.allOf(Hook.class);
    }

    /** Returns the user chain that it leads to, or an empty string. */
    default String chain() {
        return "";
    }

    /** Returns whether a chain that it leads to returns to the caller's caller. */
    default boolean isGoto() {
        return false;
    }

    /** A target that is only a verdict. */
    record Plain(String name, Outcome outcome) implements Target {
        boolean isVerdict() {
            return outcome != Outcome.CONTINUE;
        }

        @Override
        public Outcome apply(Skb skb) {
            return outcome;
        }

        @Override
        public String text() {
            return name.isEmpty() ? "" : "-j " + name;
        }
    }

    /** A jump or a goto. */
    record Jump(String chain, boolean isGoto) implements Target {
        @Override
        public Outcome apply(Skb skb) {
            return Outcome.JUMP;
        }

        @Override
        public String text() {
            return (isGoto ? "-g " : "-j ") + chain;
        }
    }
}
