package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.net.Route;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.path.End;
import dev.openshell.netns.testkit.path.Journey;
import dev.openshell.netns.testkit.path.Step;
import dev.openshell.netns.testkit.ruleset.Hook;
import java.net.SocketException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Carries the packets of sockets. All methods are called under the machine's monitor. */
final class Wire {
    /**
     * What became of a packet.
     *
     * @param at where it arrived
     * @param header the packet as it arrived, or as it was lost
     * @param error what its sender was told, empty for silence
     * @param reset whether it was told by a TCP reset
     * @param stoppedAtHome whether the sender's own namespace stopped it on the way out
     */
    record Fate(Optional<Place> at, Header header, Optional<SocketError> error, boolean reset, boolean stoppedAtHome) {
        boolean arrived(Place place) {
            return at.equals(Optional.of(place));
        }
    }

    private final FakeMachine machine;

    Wire(FakeMachine machine) {
        this.machine = machine;
    }

    /** Sends {@code header} from {@code from}. */
    Fate send(Place from, Header header) {
        Optional<Link> uplink =
                from.outside() && exists(from.netns()) ? from.netns().findLink(from.uplink()) : Optional.empty();
        if (!exists(from.netns()) || from.outside() && uplink.isEmpty()) {
            return new Fate(Optional.empty(), header, Optional.of(SocketError.ENETUNREACH), false, false);
        }
        Journey way;
        if (from.outside()) {
            way = machine.traveller().receive(machine.stack(from.netns()), uplink.orElseThrow(), header);
        } else {
            Skb skb = new Skb(header);
            skb.user = OptionalInt.of(0);
            skb.group = OptionalInt.of(0);
            way = machine.send(from.netns(), skb);
        }
        return fate(from, way);
    }

    private Fate fate(Place from, Journey way) {
        Optional<Place> at =
                switch (way.end()) {
                    case DELIVERED -> Optional.of(Place.inside(netns(way.namespace())));
                    case LEFT -> Optional.of(new Place(netns(way.namespace()), way.link()));
                    default -> Optional.empty();
                };
        boolean home = !from.outside() && way.namespace() == from.netns().inode();
        boolean stoppedAtHome = home && (way.end() == End.DROPPED || way.end() == End.REJECTED) && onTheWayOut(way);
        Optional<Header> told = way.answer()
                .filter(answer -> answer.end() == End.DELIVERED)
                .filter(answer ->
                        !from.outside() && answer.namespace() == from.netns().inode())
                .map(answer -> answer.skb().header);
        boolean reset = told.filter(header -> header.protocol() == Header.TCP).isPresent();
        Optional<SocketError> error = told.map(header -> reset ? SocketError.ECONNREFUSED : SocketError.ofIcmp(header));
        if (home && way.end() == End.UNREACHABLE) {
            error = Optional.of(SocketError.ofRoute(way.detail()));
        }
        return new Fate(at, way.skb().header, error, reset, stoppedAtHome);
    }

    private static boolean onTheWayOut(Journey way) {
        List<Step> steps = way.steps();
        Hook last = steps.isEmpty() ? Hook.OUTPUT : steps.get(steps.size() - 1).hook();
        return last == Hook.OUTPUT || last == Hook.POSTROUTING;
    }

    private Netns netns(long inode) {
        return machine.namespaces().stream()
                .filter(netns -> netns.inode() == inode)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no namespace net:[" + inode + "]"));
    }

    boolean exists(Netns netns) {
        return machine.namespaces().contains(netns);
    }

    /** Returns the source of packets from {@code netns} to {@code destination}. */
    Ip source(Netns netns, Ip destination) throws SocketException {
        Route route = route(netns, destination)
                .orElseThrow(() -> noRoute(netns, destination).exception());
        if (route.type().rejects()) {
            throw SocketError.ofRoute(route.type().name()).exception();
        }
        return route.source()
                .or(() ->
                        netns.sourceFor(route.out(), Optional.of(route.gateway().orElse(destination))))
                .orElseThrow(() -> SocketError.EADDRNOTAVAIL.exception());
    }

    /** IPv6 looks for a source before it looks whether the route is one. */
    private static SocketError noRoute(Netns netns, Ip destination) {
        boolean bare = netns.links().stream()
                .allMatch(link -> link.addresses(Family.IPV6).isEmpty());
        return destination.family() == Family.IPV6 && bare ? SocketError.EADDRNOTAVAIL : SocketError.ENETUNREACH;
    }

    /** Returns whether packets for {@code destination} have a way out of {@code netns}. */
    boolean leads(Netns netns, Ip destination) {
        return exists(netns)
                && route(netns, destination)
                        .filter(route -> !route.type().rejects())
                        .filter(route ->
                                netns.isLocal(destination) || route.out().carrier())
                        .isPresent();
    }

    private Optional<Route> route(Netns netns, Ip destination) {
        return exists(netns) ? netns.route(destination) : Optional.empty();
    }

    /** Returns what goes back to where {@code arrived} came from. */
    static Header back(Header arrived, int tcpFlags) {
        return Header.ports(
                arrived.destination(),
                arrived.destinationPort(),
                arrived.source(),
                arrived.sourcePort(),
                arrived.protocol(),
                tcpFlags);
    }
}
