package dev.openshell.netns.testkit.ruleset;

/** A netfilter hook; the built-in chains bear these names. */
public enum Hook {
    PREROUTING,
    INPUT,
    FORWARD,
    OUTPUT,
    POSTROUTING
}
