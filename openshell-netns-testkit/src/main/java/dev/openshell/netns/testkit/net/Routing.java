package dev.openshell.netns.testkit.net;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What one namespace makes of addresses: where packets go, what a route needs to be taken, what a source may be. */
final class Routing {
    private final Netns netns;

    Routing(Netns netns) {
        this.netns = netns;
    }

    private static boolean isMulticast4(Ip ip) {
        return ip.family() == Family.IPV4 && ip.low() >>> 28 == 0xe;
    }

    private static boolean isLimitedBroadcast(Ip ip) {
        return ip.family() == Family.IPV4 && ip.low() == 0xffff_ffffL;
    }

    private static boolean isZeroNet(Ip ip) {
        return ip.family() == Family.IPV4 && ip.low() >>> 24 == 0;
    }

    private static boolean isLoopback4(Ip ip) {
        return ip.family() == Family.IPV4 && ip.low() >>> 24 == 127;
    }

    Optional<Route> route(Ip to, @Nullable Link out) {
        Optional<Route> found = netns.fib.lookup(to, r -> out == null || r.link() == out);
        if (isMulticast4(to)) {
            found = found.map(r -> r.type() == RouteType.UNICAST ? r.as(RouteType.MULTICAST) : r);
        } else if (isLimitedBroadcast(to)) {
            found = found.map(r -> r.type() == RouteType.UNICAST ? r.as(RouteType.BROADCAST) : r);
        }
        return found.map(r -> r.link() == null ? r : r.from(preferred(r, to)));
    }

    private Optional<Ip> preferred(Route route, Ip to) {
        if (route.source().isPresent()) {
            return route.source();
        }
        if (route.type() == RouteType.LOCAL || route.type() == RouteType.ANYCAST) {
            return Optional.of(to);
        }
        return to.family() == Family.IPV4
                ? netns.ipv4.select(route.out(), route.gateway(), route.scope())
                : netns.ipv6.select(route.out(), to);
    }

    String addressType(Ip ip, @Nullable Link limit) {
        if (ip.family() == Family.IPV6) {
            return addressType6(ip, limit);
        }
        if (isZeroNet(ip) || isLimitedBroadcast(ip)) {
            return "BROADCAST";
        }
        if (isMulticast4(ip)) {
            return "MULTICAST";
        }
        return netns.fib
                .lookup(Route.LOCAL_TABLE, ip, r -> true)
                .filter(r -> limit == null || r.link() == limit)
                .map(r -> r.type().name())
                .orElse("UNICAST");
    }

    private String addressType6(Ip ip, @Nullable Link limit) {
        if (Ipv6.isMulticast(ip)) {
            return "MULTICAST";
        }
        for (String type : new String[] {"LOCAL", "ANYCAST", "UNREACHABLE"}) {
            if (hasAddressType(ip, type, limit)) {
                return type;
            }
        }
        return Ipv6.isAny(ip) ? "UNSPEC" : "UNICAST";
    }

    boolean hasAddressType(Ip ip, String name, @Nullable Link limit) {
        if (ip.family() == Family.IPV4) {
            return addressType(ip, limit).equals(name);
        }
        switch (name) {
            case "MULTICAST":
                return Ipv6.isMulticast(ip);
            case "UNICAST":
                return !Ipv6.isMulticast(ip) && !Ipv6.isAny(ip);
            case "UNSPEC":
                return Ipv6.isAny(ip);
            default:
                break;
        }
        Optional<Route> route = netns.fib.lookup(ip, r -> limit == null || r.link() == limit);
        return switch (name) {
            case "LOCAL" ->
                limit == null
                        ? route.filter(r -> r.type() == RouteType.LOCAL).isPresent()
                        : limit.ipv6.stream().anyMatch(a -> a.ip().equals(ip));
            case "ANYCAST" -> route.filter(r -> r.type() == RouteType.ANYCAST).isPresent();
            case "UNREACHABLE" -> route.isEmpty() || route.get().type().rejects();
            default -> false;
        };
    }

    ReversePath reversePath(Ip source, Link in, @Nullable Link out) {
        if (source.family() == Family.IPV6) {
            boolean martian = Ipv6.isMulticast(source) || Ipv6.isLoopback(source) && in.kind() != Link.Kind.LOOPBACK;
            return martian ? ReversePath.MARTIAN_SOURCE : ReversePath.OK;
        }
        boolean loopback = isLoopback4(source) && !netns.sysctls.either4(in, "route_localnet");
        if (isMulticast4(source) || isLimitedBroadcast(source) || isZeroNet(source) || loopback) {
            return ReversePath.MARTIAN_SOURCE;
        }
        int filter = Math.max(netns.sysctls.all4.get("rp_filter"), in.conf4.get("rp_filter"));
        boolean acceptLocal = netns.sysctls.either4(in, "accept_local");
        if (filter == 0 && !(in == out && netns.sysctls.either4(in, "send_redirects"))) {
            return !acceptLocal && isOwn(source) ? ReversePath.MARTIAN_SOURCE : ReversePath.OK;
        }
        ReversePath none = filter == 0
                ? ReversePath.OK
                : filter == 1 ? ReversePath.NOT_BY_THIS_INTERFACE : ReversePath.NO_ROUTE_BACK;
        Optional<Route> back = netns.fib.lookup(source).filter(r -> r.link() != null);
        if (back.isEmpty()) {
            return none;
        }
        RouteType type = back.get().type();
        if (type != RouteType.UNICAST && !(type == RouteType.LOCAL && acceptLocal)) {
            return ReversePath.MARTIAN_SOURCE;
        }
        if (back.get().link() == in || type == RouteType.LOCAL && in.kind() == Link.Kind.LOOPBACK) {
            return ReversePath.OK;
        }
        if (in.ipv4.isEmpty()) {
            return none;
        }
        return filter == 1 ? ReversePath.NOT_BY_THIS_INTERFACE : ReversePath.OK;
    }

    private boolean isOwn(Ip ip) {
        return netns.links().stream().flatMap(l -> l.ipv4.stream()).anyMatch(a -> a.ip().equals(ip));
    }

    void add(Route wanted, boolean create, boolean exclusive) {
        boolean six = wanted.destination().family() == Family.IPV6;
        if (wanted.prefix() < 0
                || wanted.prefix() > wanted.destination().family().bits()) {
            throw new NetException(NetException.EINVAL, "Invalid prefix length");
        }
        Route route = six ? new Routing6(netns).checked(wanted) : new Routing4(netns).checked(wanted);
        boolean taken = netns.fib.routes().stream().anyMatch(r -> r.sameKey(route));
        if (taken && exclusive || netns.fib.routes().stream().anyMatch(r -> duplicate(r, route))) {
            throw new NetException(NetException.EEXIST, "");
        }
        if (!create && !six) {
            throw new NetException(NetException.ENOENT, "");
        }
        // Without NLM_F_APPEND a new route goes before the others of its prefix and metric.
        int at = 0;
        while (at < netns.fib.routes().size() && !netns.fib.routes().get(at).sameKey(route)) {
            at++;
        }
        if (six) {
            netns.fib.add(route);
        } else {
            netns.fib.routes().add(at, route);
        }
    }

    private static boolean duplicate(Route a, Route b) {
        return a.sameKey(b)
                && a.type() == b.type()
                && a.scope() == b.scope()
                && a.link() == b.link()
                && a.gateway().equals(b.gateway())
                && (a.destination().family() == Family.IPV6
                        || a.source().equals(b.source()) && a.protocol() == b.protocol());
    }
}
