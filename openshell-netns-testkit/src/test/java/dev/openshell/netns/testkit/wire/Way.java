package dev.openshell.netns.testkit.wire;

/** Where a packet begins: whether it then is forwarded or stays is up to its destination and the rules. */
enum Way {
    /** On the wire, coming in by the router's interface {@code west}. */
    WEST,
    /** On the wire, coming in by the router's interface {@code east}. */
    EAST,
    /** In the router itself, from a raw socket. */
    LOCAL
}
