package dev.openshell.netns.testkit.net;

/** The type of a route (RTN_*); the number is the ordinal. */
public enum RouteType {
    UNSPEC,
    UNICAST,
    LOCAL,
    BROADCAST,
    ANYCAST,
    MULTICAST,
    BLACKHOLE,
    UNREACHABLE,
    PROHIBIT,
    THROW,
    NAT,
    XRESOLVE;

    /** Returns the errno that a packet of this machine meets, 0 where there is none. */
    public int errno() {
        return switch (this) {
            case BLACKHOLE -> NetException.EINVAL;
            case UNREACHABLE -> NetException.EHOSTUNREACH;
            case PROHIBIT -> NetException.EACCES;
            case THROW -> NetException.EAGAIN;
            default -> 0;
        };
    }

    /** Returns whether packets end here with an error or in silence. */
    public boolean rejects() {
        return this == BLACKHOLE || this == UNREACHABLE || this == PROHIBIT;
    }
}
