package dev.openshell.netns.testkit.net;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * IPv6 on one namespace's interfaces (addrconf.c): addresses and the routes that follow from them. Duplicate address
 * detection succeeds at once, and what Linux does a moment later from a work queue is done at once too.
 */
final class Ipv6 {
    static final long KERNEL_METRIC = 256;
    static final int GEN_MODE_EUI64 = 0;

    private static final String DISABLED = "ipv6: IPv6 is disabled on this device";
    private static final int NO_ANYCAST_PREFIX = 127;

    private final Netns netns;

    Ipv6(Netns netns) {
        this.netns = netns;
    }

    static boolean isLinkLocal(Ip ip) {
        return ip.family() == Family.IPV6 && ip.high() >>> 54 == 0xfe80L >>> 6;
    }

    static boolean isMulticast(Ip ip) {
        return ip.family() == Family.IPV6 && ip.high() >>> 56 == 0xff;
    }

    static boolean isLoopback(Ip ip) {
        return ip.family() == Family.IPV6 && ip.high() == 0 && ip.low() == 1;
    }

    static boolean isAny(Ip ip) {
        return ip.high() == 0 && ip.low() == 0;
    }

    static int scope(Ip ip) {
        return isLoopback(ip) ? Route.SCOPE_HOST : isLinkLocal(ip) ? Route.SCOPE_LINK : Route.SCOPE_UNIVERSE;
    }

    private static boolean disabled(Link link) {
        return link.conf6.get("disable_ipv6") != 0;
    }

    void add(Link link, Address address) {
        if (address.prefix() > 128) {
            throw new NetException(NetException.EINVAL, "ipv6: Invalid prefix length");
        }
        if (disabled(link)) {
            throw new NetException(NetException.EACCES, DISABLED);
        }
        addMulticastRoute(link);
        if (isAny(address.ip())) {
            throw new NetException(NetException.EADDRNOTAVAIL, "ipv6: Invalid address");
        }
        if (isMulticast(address.ip())) {
            throw new NetException(
                    NetException.EADDRNOTAVAIL,
                    "ipv6: Cannot assign multicast address without \"IFA_F_MCAUTOJOIN\" flag");
        }
        if (isLoopback(address.ip()) && link.kind() != Link.Kind.LOOPBACK) {
            throw new NetException(NetException.EADDRNOTAVAIL, "ipv6: Cannot assign loopback address on this device");
        }
        if (link.ipv6.stream().anyMatch(a -> a.ip().equals(address.ip()))) {
            throw new NetException(NetException.EEXIST, "ipv6: address already assigned");
        }
        // Kept in order of scope, widest first, and the newest first within one (ipv6_link_dev_addr).
        int at = 0;
        while (at < link.ipv6.size() && order(link.ipv6.get(at)) > order(address)) {
            at++;
        }
        link.ipv6.add(at, address);
        addRoutes(link, address);
    }

    private static int order(Address address) {
        return switch (address.scope()) {
            case Route.SCOPE_UNIVERSE -> 14;
            case Route.SCOPE_LINK -> 2;
            default -> 1;
        };
    }

    void remove(Link link, Address address) {
        link.ipv6.remove(address);
        netns.fib.removeIf(r -> kernel(r, link)
                && r.type() == RouteType.LOCAL
                && r.destination().equals(address.ip()));
        boolean sameNetwork =
                link.ipv6.stream().anyMatch(a -> a.prefix() == address.prefix() && a.covers(address.ip()));
        if (!sameNetwork) {
            netns.fib.removeIf(r -> kernel(r, link)
                    && r.type() == RouteType.UNICAST
                    && r.prefix() == address.prefix()
                    && r.destination().equals(address.network()));
            netns.fib.removeIf(r -> kernel(r, link)
                    && r.type() == RouteType.ANYCAST
                    && r.destination().equals(address.network()));
        }
        netns.fib.removeIf(r -> r.source().equals(Optional.of(address.ip())) && r.protocol() != Route.PROTOCOL_KERNEL);
    }

    private static boolean kernel(Route route, Link link) {
        return route.link() == link
                && route.protocol() == Route.PROTOCOL_KERNEL
                && route.destination().family() == Family.IPV6;
    }

    void up(Link link) {
        if (disabled(link)) {
            return;
        }
        List.copyOf(link.ipv6).forEach(a -> addRoutes(link, a));
        carrier(link);
    }

    /** Sets the link up once it has a carrier. */
    void carrier(Link link) {
        if (disabled(link) || !link.carrier() || link.ipv6Ready) {
            return;
        }
        link.ipv6Ready = true;
        autoAddress(link);
    }

    /** Gives the link the addresses that it has by itself. */
    void autoAddress(Link link) {
        if (disabled(link) || !link.carrier()) {
            return;
        }
        if (link.kind() == Link.Kind.LOOPBACK) {
            addIfMissing(link, new Ip(Family.IPV6, 0, 1), 128);
            return;
        }
        addMulticastRoute(link);
        int mode = link.addrGenMode();
        if (mode == GEN_MODE_EUI64) {
            addIfMissing(link, eui64(link.mac), 64);
        } else if (mode != 1) {
            throw new UnsupportedOperationException("addr_gen_mode " + mode);
        }
    }

    private void addIfMissing(Link link, Ip ip, int prefix) {
        if (link.ipv6.stream().noneMatch(a -> a.ip().equals(ip))) {
            add(link, new Address(ip, ip, prefix, scope(ip), Address.IFA_F_PERMANENT, false));
        }
    }

    private static Ip eui64(byte[] mac) {
        long low = (mac[0] & 0xffL ^ 2) << 56 | (mac[1] & 0xffL) << 48 | (mac[2] & 0xffL) << 40 | 0xfffe000000L;
        return new Ip(
                Family.IPV6, 0xfe80L << 48, low | (mac[3] & 0xffL) << 16 | (mac[4] & 0xffL) << 8 | mac[5] & 0xffL);
    }

    void down(Link link) {
        link.ipv6Ready = false;
        link.ipv6.clear();
        netns.fib.removeIf(r -> r.link() == link && r.destination().family() == Family.IPV6);
        netns.neighbours.removeIf(n -> n.link() == link && n.ip().family() == Family.IPV6);
    }

    /** Adds or removes what a router has: the subnet-router anycast address of each prefix. */
    void forwardingChanged(Link link) {
        netns.fib.removeIf(r -> kernel(r, link) && r.type() == RouteType.ANYCAST);
        link.ipv6.forEach(a -> addAnycast(link, a));
    }

    private void addRoutes(Link link, Address address) {
        netns.fib.add(route(Route.LOCAL_TABLE, RouteType.LOCAL, address.ip(), 128, link, 0));
        boolean loopback = link.kind() == Link.Kind.LOOPBACK;
        if (link.up && !loopback && (address.flags() & Address.IFA_F_NOPREFIXROUTE) == 0) {
            netns.fib.add(
                    route(Route.MAIN, RouteType.UNICAST, address.network(), address.prefix(), link, KERNEL_METRIC));
        }
        addAnycast(link, address);
    }

    private void addAnycast(Link link, Address address) {
        if (link.conf6.get("forwarding") != 0 && address.prefix() < NO_ANYCAST_PREFIX && !isAny(address.network())) {
            netns.fib.add(route(Route.LOCAL_TABLE, RouteType.ANYCAST, address.network(), 128, link, 0));
        }
    }

    private void addMulticastRoute(Link link) {
        if (link.up && link.kind() != Link.Kind.LOOPBACK) {
            Ip all = new Ip(Family.IPV6, 0xffL << 56, 0);
            netns.fib.add(route(Route.LOCAL_TABLE, RouteType.MULTICAST, all, 8, link, KERNEL_METRIC));
        }
    }

    private static Route route(int table, RouteType type, Ip to, int prefix, Link link, long metric) {
        return new Route(
                table, type, to, prefix, link, Optional.empty(), Optional.empty(), metric, 0, Route.PROTOCOL_KERNEL);
    }

    /** Returns the source for what leaves by {@code out} to {@code to} (RFC 6724: scope, interface, prefix). */
    Optional<Ip> select(Link out, Ip to) {
        int wanted = order(new Address(to, to, 128, scope(to), 0, false));
        Stream<Link> links = isLinkLocal(to) || isMulticast(to)
                ? Stream.of(out)
                : Stream.concat(Stream.of(out), netns.links().stream().filter(l -> l != out));
        Comparator<Address> byScope = Comparator.comparingInt(a -> {
            int scope = order(a);
            return scope >= wanted ? scope - wanted : 100 - scope;
        });
        return links.flatMap(l -> l.ipv6.stream())
                .min(Comparator.<Address, Boolean>comparing(a -> !a.ip().equals(to))
                        .thenComparing(byScope)
                        .thenComparing(a -> !out.ipv6.contains(a))
                        .thenComparing(a -> -common(a.ip(), to)))
                .map(Address::ip);
    }

    private static int common(Ip a, Ip b) {
        int high = Long.numberOfLeadingZeros(a.high() ^ b.high());
        return high < 64 ? high : 64 + Long.numberOfLeadingZeros(a.low() ^ b.low());
    }
}
