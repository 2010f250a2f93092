package dev.openshell.netns.testkit.net;

/** What the kernel makes of a packet's source address where it comes in (fib_validate_source). */
public enum ReversePath {
    OK,
    /** A source that no packet from outside may have. */
    MARTIAN_SOURCE,
    /** rp_filter 1: answers would not leave by the interface that it came in by. */
    NOT_BY_THIS_INTERFACE,
    /** rp_filter 2: nothing leads back. */
    NO_ROUTE_BACK
}
