package dev.openshell.netns.testkit.path;

/** How a packet's way ended. */
public enum End {
    /** A socket of the namespace gets it, where there is one. */
    DELIVERED,
    /** It left by an interface whose far end is outside of the machine. */
    LEFT,
    /** A rule or a policy dropped it. */
    DROPPED,
    /** A rule refused it, with an answer. */
    REJECTED,
    /** No route leads to its destination, or one that rejects. */
    UNREACHABLE,
    /** The namespace does not forward what comes in by this interface. */
    NOT_FORWARDED,
    /** Its source or its destination is one that nothing from outside may have. */
    MARTIAN,
    /** rp_filter: answers to its source would not leave by the interface that it came in by. */
    REVERSE_PATH,
    /** It is an IPv6 packet, and the interface has {@code disable_ipv6}. */
    IPV6_DISABLED,
    /** The interface is down, or a veth's other end is. */
    LINK_DOWN,
    /** Nobody on the link has the address of the next hop. */
    NO_NEIGHBOUR,
    /** It went through too many namespaces. */
    LOOP
}
