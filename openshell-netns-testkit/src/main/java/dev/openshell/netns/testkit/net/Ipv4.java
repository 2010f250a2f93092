package dev.openshell.netns.testkit.net;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.List;
import java.util.Optional;

/** IPv4 on one namespace's interfaces: addresses and the routes that follow from them (devinet.c, fib_frontend.c). */
final class Ipv4 {
    private static final int LAST_PLAIN_PREFIX = 30;

    private final Netns netns;

    Ipv4(Netns netns) {
        this.netns = netns;
    }

    void add(Link link, Address wanted) {
        link.conf4.chooseAll();
        Address address = wanted;
        int at = 0;
        List<Address> list = link.ipv4;
        for (int i = 0; i < list.size(); i++) {
            Address other = list.get(i);
            if (!other.secondary() && address.scope() <= other.scope()) {
                at = i + 1;
            }
            if (other.prefix() == address.prefix() && other.covers(address.peer())) {
                if (other.ip().equals(address.ip())) {
                    throw new NetException(NetException.EEXIST, "ipv4: Address already assigned");
                }
                if (other.scope() != address.scope()) {
                    throw new NetException(NetException.EINVAL, "ipv4: Invalid scope value");
                }
                address = wanted.asSecondary();
            }
        }
        if (address.ip().low() == 0) {
            // Linux says yes to 0.0.0.0 and assigns nothing.
            return;
        }
        list.add(address.secondary() ? list.size() : at, address);
        addRoutes(link, address);
    }

    void remove(Link link, Address address) {
        link.ipv4.remove(address);
        if (!address.secondary()) {
            link.ipv4.removeIf(a -> a.secondary() && a.prefix() == address.prefix() && address.covers(a.peer()));
        }
        refresh(link);
        if (link.ipv4.isEmpty()) {
            netns.fib.removeIf(r -> r.destination().family() == Family.IPV4 && r.link() == link);
        }
        netns.fib.removeIf(r -> r.source().isPresent()
                && r.source().get().family() == Family.IPV4
                && r.protocol() != Route.PROTOCOL_KERNEL
                && !isOwn(r.source().get()));
    }

    private boolean isOwn(Ip ip) {
        return netns.links().stream().flatMap(l -> l.ipv4.stream()).anyMatch(a -> a.ip().equals(ip));
    }

    /** Drops the kernel's own routes that the addresses no longer make. */
    private void refresh(Link link) {
        Fib wanted = new Fib();
        link.ipv4.forEach(a -> addRoutes(wanted, link, a));
        netns.fib.removeIf(r -> r.link() == link
                && r.destination().family() == Family.IPV4
                && r.protocol() == Route.PROTOCOL_KERNEL
                && !wanted.routes().contains(r));
    }

    void up(Link link) {
        if (link.kind() == Link.Kind.LOOPBACK && link.ipv4.isEmpty()) {
            Ip own = Ip.parse("127.0.0.1");
            add(link, new Address(own, own, 8, Route.SCOPE_HOST, Address.IFA_F_PERMANENT, false));
        }
        link.ipv4.forEach(a -> addRoutes(link, a));
    }

    /** Drops all that needs the link up: everything but routes to the addresses themselves. */
    void down(Link link) {
        netns.fib.removeIf(
                r -> r.link() == link && r.destination().family() == Family.IPV4 && r.scope() != Route.SCOPE_HOST);
    }

    private void addRoutes(Link link, Address address) {
        addRoutes(netns.fib, link, address);
    }

    private static void addRoutes(Fib fib, Link link, Address address) {
        Ip primary =
                address.secondary() ? primary(link, address).map(Address::ip).orElse(null) : address.ip();
        if (primary == null) {
            return;
        }
        Optional<Ip> source = Optional.of(primary);
        fib.add(kernel(Route.LOCAL_TABLE, RouteType.LOCAL, address.ip(), 32, link, source));
        Ip network = address.network();
        boolean hostOnly = network.equals(address.ip()) && address.prefix() == 32;
        boolean zero = network.low() >>> 24 == 0;
        if (!link.up || zero || address.secondary() || hostOnly) {
            return;
        }
        boolean loopback = link.kind() == Link.Kind.LOOPBACK;
        if ((address.flags() & Address.IFA_F_NOPREFIXROUTE) == 0) {
            fib.add(kernel(
                    loopback ? Route.LOCAL_TABLE : Route.MAIN,
                    loopback ? RouteType.LOCAL : RouteType.UNICAST,
                    network,
                    address.prefix(),
                    link,
                    source));
        }
        if (address.prefix() <= LAST_PLAIN_PREFIX) {
            fib.add(kernel(Route.LOCAL_TABLE, RouteType.BROADCAST, broadcast(address), 32, link, source));
        }
    }

    private static Optional<Address> primary(Link link, Address of) {
        return link.ipv4.stream()
                .filter(a -> !a.secondary() && a.prefix() == of.prefix() && a.covers(of.network()))
                .findFirst();
    }

    /** Returns the last address of the network. */
    static Ip broadcast(Address address) {
        return new Ip(Family.IPV4, 0, address.network().low() | ~address.mask().low() & 0xffff_ffffL);
    }

    private static Route kernel(int table, RouteType type, Ip to, int prefix, Link link, Optional<Ip> source) {
        int scope = type == RouteType.LOCAL ? Route.SCOPE_HOST : Route.SCOPE_LINK;
        return new Route(table, type, to, prefix, link, Optional.empty(), source, 0, scope, Route.PROTOCOL_KERNEL);
    }

    /** Returns the source for what leaves by {@code out} (inet_select_addr). */
    Optional<Ip> select(Link out, Optional<Ip> nextHop, int scope) {
        int localnet = netns.sysctls.either4(out, "route_localnet") ? Route.SCOPE_LINK : Route.SCOPE_HOST;
        Optional<Ip> first = Optional.empty();
        for (Address address : out.ipv4) {
            if (address.secondary() || Math.min(address.scope(), localnet) > scope) {
                continue;
            }
            if (nextHop.isEmpty() || address.covers(nextHop.get())) {
                return Optional.of(address.ip());
            }
            first = first.or(() -> Optional.of(address.ip()));
        }
        if (first.isPresent()) {
            return first;
        }
        return netns.links().stream()
                .flatMap(l -> l.ipv4.stream())
                .filter(a -> !a.secondary() && a.scope() != Route.SCOPE_LINK && a.scope() <= scope)
                .map(Address::ip)
                .findFirst();
    }
}
