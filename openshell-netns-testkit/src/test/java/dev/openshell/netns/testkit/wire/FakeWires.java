package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.ctnetlink.NetfilterResponder;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.Machine;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.net.RouteType;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.path.End;
import dev.openshell.netns.testkit.path.Journey;
import dev.openshell.netns.testkit.path.Stack;
import dev.openshell.netns.testkit.path.Traveller;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The same router between two wires as {@link RealWorld}'s, in memory, and what would be seen there. */
final class FakeWires {
    private final Stack router;

    FakeWires(IptablesVariant variant, boolean reversePathFilter, Family family, String rules) {
        Netns net = new Machine().create();
        net.writeSysctl("net/ipv4/ip_forward", "1");
        net.writeSysctl("net/ipv6/conf/all/forwarding", "1");
        net.writeSysctl("net/ipv6/conf/default/addr_gen_mode", "1");
        net.setUp(net.link("lo"), true);
        link(net, "west", "10.200.1.1", "2001:db8:1::1", reversePathFilter);
        Link east = link(net, "east", "203.0.113.1", "2001:db8:2::1", reversePathFilter);
        net.addRoute(Ip.parse("0.0.0.0"), 0, RouteType.UNICAST, east, Optional.of(Ip.parse("203.0.113.254")));
        net.addRoute(Ip.parse("::"), 0, RouteType.UNICAST, east, Optional.of(Ip.parse("2001:db8:2::fe")));
        router = new Stack(net, InstantSource.system());
        router.ruleset(family, variant).restore(rules, false);
    }

    private static Link link(Netns net, String name, String ip, String ip6, boolean reversePathFilter) {
        Link link = net.addWire(name);
        net.writeSysctl("net/ipv4/conf/" + name + "/rp_filter", reversePathFilter ? "1" : "0");
        net.setUp(link, true);
        net.addAddress(link, Ip.parse(ip), 24);
        net.addAddress(link, Ip.parse(ip6), 64);
        return link;
    }

    /** Returns the rules with their counts, sorted. */
    List<String> counted(Family family, IptablesVariant variant) {
        return router.ruleset(family, variant).counted().stream()
                .map(String::strip)
                .sorted()
                .toList();
    }

    /** Returns the answers to an nfnetlink request. */
    byte[] netfilter(byte[] request) {
        return NetfilterResponder.answer(router.conntrack(), router.nftables(), 1, request);
    }

    Journey journey(Sending sending) {
        Traveller traveller = new Traveller(netns -> router);
        if (sending.way() != Way.LOCAL) {
            String link = sending.way() == Way.WEST ? "west" : "east";
            return traveller.receive(router, router.net().link(link), sending.header());
        }
        Skb skb = new Skb(sending.header());
        skb.user = OptionalInt.of(sending.user());
        skb.group = OptionalInt.of(sending.user());
        return traveller.send(router, skb);
    }

    /** Returns what would be seen: the packet, then the answer to it, then the answer to that. */
    static List<Sight> sights(Journey journey) {
        List<Sight> sights = new ArrayList<>();
        seen(journey).forEach(place -> sights.add(new Sight.Arrived(place.where, place.header)));
        journey.answer().ifPresent(answer -> {
            seen(answer).forEach(place -> sights.add(new Sight.Refused(place.where, place.header)));
            answer.answer().ifPresent(more -> seen(more)
                    .forEach(place -> sights.add(new Sight.Aside(place.where, place.header))));
        });
        return sights;
    }

    private record Place(String where, Header header) {}

    private static List<Place> seen(Journey journey) {
        List<Place> places = new ArrayList<>();
        journey.arrivals().stream()
                .filter(arrival -> arrival.link().equals("lo"))
                .forEach(arrival -> places.add(new Place("lo", arrival.header())));
        if (journey.end() == End.LEFT) {
            places.add(new Place(journey.link(), journey.skb().header));
        } else if (journey.end() == End.DELIVERED || clashedHere(journey)) {
            places.add(new Place("local", journey.skb().header));
        }
        return places;
    }

    /** The last check of INPUT comes after the place where the router looks. */
    private static boolean clashedHere(Journey journey) {
        return journey.end() == End.DROPPED
                && journey.skb().out.isEmpty()
                && journey.detail().startsWith("another flow");
    }
}
