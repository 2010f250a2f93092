package dev.openshell.netns.testkit.net;

import dev.openshell.netns.testkit.packet.Ip;
import java.util.Optional;

/** What IPv4 asks of a route before it takes it (fib_semantics.c). */
final class Routing4 {
    private final Netns netns;

    Routing4(Netns netns) {
        this.netns = netns;
    }

    Route checked(Route route) {
        Ip mask = Ip.mask(route.destination().family(), route.prefix());
        if (!route.destination().and(mask).equals(route.destination())) {
            throw invalid("Invalid prefix for given prefix length");
        }
        int needed =
                switch (route.type()) {
                    case LOCAL -> Route.SCOPE_HOST;
                    case BROADCAST, ANYCAST -> Route.SCOPE_LINK;
                    case NAT, XRESOLVE -> 255;
                    default -> Route.SCOPE_UNIVERSE;
                };
        if (route.type() != RouteType.UNSPEC && needed > route.scope()) {
            throw invalid("Invalid scope");
        }
        if (route.type().rejects() || route.type() == RouteType.THROW) {
            if (route.link() != null || route.gateway().isPresent()) {
                throw invalid("Gateway, device and multipath can not be specified for this route type");
            }
            return route;
        }
        if (route.type() == RouteType.UNSPEC || route.type().compareTo(RouteType.THROW) > 0) {
            throw invalid("Invalid route type");
        }
        if (route.scope() > Route.SCOPE_HOST) {
            throw invalid("Invalid scope");
        }
        Route resolved = route.scope() == Route.SCOPE_HOST ? hostScope(route) : nextHop(route);
        if (route.source().isPresent() && !ownSource(route, route.source().get())) {
            throw invalid("Invalid prefsrc address");
        }
        return resolved;
    }

    private static Route hostScope(Route route) {
        if (route.gateway().isPresent()) {
            throw invalid("Route with host scope can not have a gateway");
        }
        if (route.link() == null) {
            throw new NetException(NetException.ENODEV, "");
        }
        return route;
    }

    private Route nextHop(Route route) {
        Link link = route.link();
        if (route.gateway().isEmpty()) {
            if (link == null) {
                throw new NetException(NetException.ENODEV, "");
            }
            if (!link.up) {
                throw new NetException(NetException.ENETDOWN, "Device for nexthop is not up");
            }
            return route;
        }
        Ip gateway = route.gateway().get();
        int scope = Math.max(route.scope() + 1, Route.SCOPE_LINK);
        Optional<Route> found =
                netns.fib.lookup(gateway, r -> r.scope() >= scope && (link == null || r.link() == link));
        String bad = "Nexthop has invalid gateway";
        if (found.isEmpty()) {
            throw new NetException(NetException.ENETUNREACH, bad);
        }
        Route to = found.get();
        if (to.type().errno() != 0) {
            throw new NetException(to.type().errno(), bad);
        }
        if (to.type() != RouteType.UNICAST && to.type() != RouteType.LOCAL) {
            throw invalid(bad);
        }
        if (!to.out().up) {
            throw new NetException(NetException.ENETDOWN, "");
        }
        return new Route(
                route.table(),
                route.type(),
                route.destination(),
                route.prefix(),
                to.out(),
                route.gateway(),
                route.source(),
                route.metric(),
                route.scope(),
                route.protocol());
    }

    private boolean ownSource(Route route, Ip source) {
        return route.type() == RouteType.LOCAL && source.equals(route.destination())
                || netns.addressType(source, null).equals("LOCAL");
    }

    private static NetException invalid(String text) {
        return new NetException(NetException.EINVAL, text);
    }
}
