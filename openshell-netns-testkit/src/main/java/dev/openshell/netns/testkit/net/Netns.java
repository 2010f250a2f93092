package dev.openshell.netns.testkit.net;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A network namespace. Not safe for use by several threads at once. */
public final class Netns {
    final TreeMap<Integer, Link> byIndex = new TreeMap<>();
    final Fib fib = new Fib();
    final Sysctls sysctls = new Sysctls(this);
    final Ipv4 ipv4 = new Ipv4(this);
    final Ipv6 ipv6 = new Ipv6(this);
    final List<Neighbour> neighbours = new ArrayList<>();
    final Links links;
    int lastIndex;
    private final long inode;
    private final Routing routing = new Routing(this);

    Netns(long inode, Links links) {
        this.inode = inode;
        this.links = links;
    }

    /** Returns the inode number that stat(2) says. */
    public long inode() {
        return inode;
    }

    /** Returns the interfaces by rising index. */
    public Collection<Link> links() {
        return List.copyOf(byIndex.values());
    }

    /** Returns the interface of this name; ENODEV where there is none. */
    public Link link(String name) {
        return findLink(name).orElseThrow(() -> new NetException(NetException.ENODEV, ""));
    }

    public Optional<Link> findLink(String name) {
        return byIndex.values().stream().filter(l -> l.name.equals(name)).findFirst();
    }

    public Optional<Link> byIndex(int index) {
        return Optional.ofNullable(byIndex.get(index));
    }

    /** Makes an uplink to the outside, whose far end is no interface. */
    public Link addWire(String name) {
        return links.add(this, name, Link.Kind.WIRE);
    }

    public Link addDummy(String name) {
        return links.add(this, name, Link.Kind.DUMMY);
    }

    /** Adds an address as {@code ip address add} does, without duplicate address detection. */
    public void addAddress(Link link, Ip ip, int prefix) {
        boolean six = ip.family() == Family.IPV6;
        int flags = Address.IFA_F_PERMANENT | (six ? Address.IFA_F_NODAD : 0);
        addAddress(link, new Address(ip, ip, prefix, six ? Ipv6.scope(ip) : Route.SCOPE_UNIVERSE, flags, false));
    }

    /** Adds an address; EEXIST where the interface has it. */
    public void addAddress(Link link, Address address) {
        if (address.ip().family() == Family.IPV4) {
            ipv4.add(link, address);
        } else {
            ipv6.add(link, address);
        }
    }

    /** Removes an address; EADDRNOTAVAIL where the interface does not have it. */
    public void removeAddress(Link link, Ip ip, int prefix) {
        Address address = link.addresses(ip.family()).stream()
                .filter(a -> a.ip().equals(ip) && a.prefix() == prefix)
                .findFirst()
                .orElseThrow(() -> new NetException(
                        NetException.EADDRNOTAVAIL,
                        ip.family() == Family.IPV4 ? "ipv4: Address not found" : "ipv6: address not found"));
        if (ip.family() == Family.IPV4) {
            ipv4.remove(link, address);
        } else {
            ipv6.remove(link, address);
        }
    }

    /** Brings the interface up or down. */
    public void setUp(Link link, boolean up) {
        links.setUp(link, up);
    }

    /** Adds a route to the main table as {@code ip route add} does. */
    public void addRoute(Ip destination, int prefix, RouteType type, @Nullable Link link, Optional<Ip> gateway) {
        boolean six = destination.family() == Family.IPV6;
        int scope = !six && link != null && gateway.isEmpty() ? Route.SCOPE_LINK : Route.SCOPE_UNIVERSE;
        addRoute(
                new Route(
                        Route.MAIN,
                        type,
                        destination,
                        prefix,
                        link,
                        gateway,
                        Optional.empty(),
                        six ? 1024 : 0,
                        scope,
                        Route.PROTOCOL_BOOT),
                true,
                true);
    }

    /** Adds a route; if {@code exclusive}, EEXIST where there is one of its prefix and metric. */
    public void addRoute(Route route, boolean create, boolean exclusive) {
        routing.add(route, create, exclusive);
    }

    /** Removes a route that {@link #routes} returned. */
    public void removeRoute(Route which) {
        fib.routes().remove(which);
    }

    /** Returns all routes of one family. */
    public List<Route> routes(Family family) {
        return fib.routes(family);
    }

    /**
     * Returns the route of a packet to {@code destination}, made here or forwarded; empty where Linux says
     * ENETUNREACH. The source that is preferred is found out for what this machine sends itself.
     */
    public Optional<Route> route(Ip destination) {
        return routing.route(destination, null);
    }

    /** Returns the route of a packet that has to leave by {@code out}. */
    public Optional<Route> route(Ip destination, Link out) {
        return routing.route(destination, out);
    }

    /** Returns whether packets to {@code ip} are delivered here. */
    public boolean isLocal(Ip ip) {
        return fib.lookup(Route.LOCAL_TABLE, ip, r -> true)
                .filter(r -> r.type() == RouteType.LOCAL || r.type() == RouteType.ANYCAST)
                .isPresent();
    }

    /** Returns the type of {@code address} as {@code -m addrtype} names it, seen from all interfaces or from one. */
    public String addressType(Ip address, @Nullable Link limit) {
        return routing.addressType(address, limit);
    }

    /** Returns whether {@code -m addrtype} finds {@code address} to be of type {@code name}. */
    public boolean hasAddressType(Ip address, String name, @Nullable Link limit) {
        return routing.hasAddressType(address, name, limit);
    }

    /** Returns the address that MASQUERADE picks for a packet that leaves by {@code out}. */
    public Optional<Ip> sourceFor(Link out, Optional<Ip> nextHop) {
        if (nextHop.isPresent() && nextHop.get().family() == Family.IPV6) {
            return ipv6.select(out, nextHop.get());
        }
        return ipv4.select(out, nextHop, Route.SCOPE_UNIVERSE);
    }

    /** Returns whether a packet of {@code source} may come in by {@code in}. */
    public ReversePath reversePath(Ip source, Link in) {
        return routing.reversePath(source, in, null);
    }

    /** Returns it for a packet that is forwarded to {@code out}. */
    public ReversePath reversePath(Ip source, Link in, @Nullable Link out) {
        return routing.reversePath(source, in, out);
    }

    /** Returns whether packets that come in by {@code in} are forwarded. */
    public boolean forwards(Family family, Link in) {
        return family == Family.IPV4
                ? in.conf4.get("forwarding") != 0
                : sysctls.all6.get("forwarding") != 0 || in.conf6.get("force_forwarding") != 0;
    }

    /** Returns the neighbours that somebody set. */
    public List<Neighbour> neighbours() {
        return List.copyOf(neighbours);
    }

    /** Sets a neighbour. */
    public void putNeighbour(Neighbour neighbour) {
        removeNeighbour(neighbour.link(), neighbour.ip());
        neighbours.add(neighbour);
    }

    /** Removes a neighbour and returns whether there was one. */
    public boolean removeNeighbour(Link link, Ip ip) {
        return neighbours.removeIf(n -> n.link() == link && n.ip().equals(ip));
    }

    /** Returns {@code /proc/sys/KEY} as cat prints it without white space around; empty where there is no such key. */
    public Optional<String> readSysctl(String key) {
        return sysctls.read(key);
    }

    /** Writes {@code /proc/sys/KEY}; ENOENT, EINVAL. */
    public void writeSysctl(String key, String value) {
        sysctls.write(key, value);
    }

    @Override
    public String toString() {
        return "net:[" + inode + "]";
    }
}
