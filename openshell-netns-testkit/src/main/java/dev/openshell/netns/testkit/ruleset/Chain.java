package dev.openshell.netns.testkit.ruleset;

import java.util.ArrayList;
import java.util.List;

/** A chain and its rules. */
final class Chain {
    private final String name;
    private final boolean builtIn;
    private final List<Rule> rules = new ArrayList<>();
    private boolean drops;
    private boolean emptied;
    private long packets;

    Chain(String name, boolean builtIn) {
        this.name = name;
        this.builtIn = builtIn;
    }

    Chain copy() {
        Chain copy = new Chain(name, builtIn);
        copy.rules.addAll(rules);
        copy.drops = drops;
        copy.packets = packets;
        return copy;
    }

    /** Takes all rules out, which within one restore is not quite the same as having none. */
    void empty() {
        emptied |= !rules.isEmpty();
        rules.clear();
    }

    /** Returns whether this restore took rules out. */
    boolean emptied() {
        return emptied;
    }

    String name() {
        return name;
    }

    boolean builtIn() {
        return builtIn;
    }

    /** Returns the rules, to be changed in place. */
    List<Rule> rules() {
        return rules;
    }

    void drop(boolean drop) {
        drops = drop;
    }

    boolean drops() {
        return drops;
    }

    /** Counts the packet that got to the end, and returns what becomes of it. */
    Outcome policy() {
        packets++;
        return drops ? Outcome.DROP : Outcome.ACCEPT;
    }

    /** Returns the line that declares it, without counters where they are not wanted. */
    String declaration(boolean counters) {
        String count = counters ? "[" + packets + ":0]" : "[0:0]";
        return ":" + name + " " + (builtIn ? drops ? "DROP" : "ACCEPT" : "-") + " " + (builtIn ? count : "[0:0]");
    }
}
