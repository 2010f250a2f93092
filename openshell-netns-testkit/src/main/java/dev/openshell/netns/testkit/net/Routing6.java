package dev.openshell.netns.testkit.net;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What IPv6 asks of a route before it takes it (net/ipv6/route.c). */
final class Routing6 {
    private final Netns netns;

    Routing6(Netns netns) {
        this.netns = netns;
    }

    Route checked(Route route) {
        Ip network = route.destination().and(Ip.mask(Family.IPV6, route.prefix()));
        Link link = route.link();
        if (route.type() == RouteType.NAT || route.type() == RouteType.XRESOLVE) {
            throw new UnsupportedOperationException("IPv6 route of type " + route.type());
        }
        boolean reject = route.type().rejects() || route.type() == RouteType.THROW;
        boolean viaLoopback = link != null
                && link.kind() == Link.Kind.LOOPBACK
                && !Ipv6.isLoopback(route.destination())
                && route.type() != RouteType.LOCAL
                && route.type() != RouteType.ANYCAST;
        if (reject || viaLoopback) {
            if (viaLoopback && !reject) {
                throw new UnsupportedOperationException("IPv6 route by lo");
            }
            return with(route, network, null);
        }
        if (route.gateway().isPresent()) {
            link = gateway(route.gateway().get(), link);
        }
        if (link == null) {
            throw new NetException(NetException.ENODEV, "");
        }
        if (link.conf6.get("disable_ipv6") != 0) {
            throw new NetException(NetException.EACCES, "IPv6 is disabled on nexthop device");
        }
        if (!link.up) {
            throw new NetException(NetException.ENETDOWN, "Nexthop device is not up");
        }
        Optional<Ip> source = route.source();
        if (source.isPresent() && netns.links().stream().noneMatch(l -> has(l, source.get()))) {
            throw invalid("Invalid source address");
        }
        return with(route, network, link);
    }

    private static boolean has(Link link, Ip ip) {
        return link.ipv6.stream().anyMatch(a -> a.ip().equals(ip));
    }

    private Link gateway(Ip gateway, @Nullable Link link) {
        boolean linkLocal = Ipv6.isLinkLocal(gateway);
        boolean own = linkLocal && link != null
                ? has(link, gateway)
                : netns.links().stream().anyMatch(l -> has(l, gateway));
        if (own) {
            throw invalid("Gateway can not be a local address");
        }
        Link out = link;
        if (!linkLocal) {
            if (Ipv6.isMulticast(gateway) || Ipv6.isAny(gateway) || Ipv6.isLoopback(gateway)) {
                throw invalid("Invalid gateway address");
            }
            Route to = netns.fib
                    .lookup(gateway, r -> link == null || r.link() == link)
                    .filter(r -> r.link() != null && r.gateway().isEmpty())
                    .orElseThrow(() -> new NetException(NetException.EHOSTUNREACH, ""));
            out = to.out();
        }
        if (out == null) {
            throw invalid("Egress device not specified");
        }
        if (out.kind() == Link.Kind.LOOPBACK) {
            throw invalid("Egress device can not be loopback device for this route");
        }
        return out;
    }

    private static Route with(Route route, Ip network, @Nullable Link link) {
        return new Route(
                route.table(),
                route.type(),
                network,
                route.prefix(),
                link,
                route.gateway(),
                route.source(),
                route.metric(),
                0,
                route.protocol());
    }

    private static NetException invalid(String text) {
        return new NetException(NetException.EINVAL, text);
    }
}
