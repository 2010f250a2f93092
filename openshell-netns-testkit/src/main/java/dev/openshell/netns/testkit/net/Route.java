package dev.openshell.netns.testkit.net;

import dev.openshell.netns.testkit.packet.Ip;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A route, in a table or as found for a destination.
 *
 * @param link the interface that it leaves by, null of a route that rejects
 * @param source the source that it prefers
 * @param metric the priority, lowest first
 * @param protocol RTPROT_*
 */
public record Route(
        int table,
        RouteType type,
        Ip destination,
        int prefix,
        @Nullable Link link,
        Optional<Ip> gateway,
        Optional<Ip> source,
        long metric,
        int scope,
        int protocol) {
    public static final int MAIN = 254;
    public static final int LOCAL_TABLE = 255;
    public static final int DEFAULT_TABLE = 253;
    public static final int SCOPE_UNIVERSE = 0;
    public static final int SCOPE_LINK = 253;
    public static final int SCOPE_HOST = 254;
    public static final int PROTOCOL_KERNEL = 2;
    public static final int PROTOCOL_BOOT = 3;
    public static final int PROTOCOL_STATIC = 4;

    /** Returns the interface that it leaves by, or in the case of LOCAL that the address belongs to. */
    public Link out() {
        if (link == null) {
            throw new IllegalStateException(type + " has no interface");
        }
        return link;
    }

    /** Returns whether the destination lies in it. */
    public boolean covers(Ip ip) {
        return ip.family() == destination.family() && ip.in(destination, Ip.mask(destination.family(), prefix));
    }

    Route from(Optional<Ip> preferred) {
        return new Route(table, type, destination, prefix, link, gateway, preferred, metric, scope, protocol);
    }

    Route as(RouteType other) {
        return new Route(table, other, destination, prefix, link, gateway, source, metric, scope, protocol);
    }

    boolean sameKey(Route other) {
        return table == other.table
                && prefix == other.prefix
                && metric == other.metric
                && destination.equals(other.destination);
    }
}
