package dev.openshell.netns.testkit;

/**
 * What connection tracking makes of a packet, as {@code -m conntrack --ctstate} names it (iptables-extensions(8)).
 *
 * @since 0.1
 */
public enum ConnState {
    /** It begins a flow, or goes on with one that has had no answer yet. */
    NEW,
    /** It belongs to a flow that has been seen in both directions. */
    ESTABLISHED,
    /** It is about a flow: an ICMP error, or a flow that another one announced. */
    RELATED,
    /** It belongs to no flow and can't begin one. */
    INVALID,
    /** A rule asked not to track it. */
    UNTRACKED
}
