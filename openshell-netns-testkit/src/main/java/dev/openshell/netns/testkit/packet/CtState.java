package dev.openshell.netns.testkit.packet;

/** What connection tracking makes of a packet, as {@code --ctstate} names it. */
public enum CtState {
    INVALID,
    ESTABLISHED,
    RELATED,
    NEW,
    UNTRACKED
}
