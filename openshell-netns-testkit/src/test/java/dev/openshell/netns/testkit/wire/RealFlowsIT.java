package dev.openshell.netns.testkit.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.packet.Header;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules whose effect on whole flows is known: NAT, and what connection tracking makes of packets that follow. */
@Tag("real-kernel")
class RealFlowsIT {
    @ParameterizedTest
    @MethodSource("dev.openshell.netns.testkit.wire.RealWorldIT#kinds")
    void translationIsSeenBothWays(IptablesVariant variant, Family family) {
        Places places = Places.of(family);
        String rules =
                """
                *nat
                -A PREROUTING -i west -p udp --dport 53 -j DNAT --to-destination %s
                -A PREROUTING -i west -p tcp --dport 81 -j REDIRECT --to-ports 3128
                -A OUTPUT -p tcp --dport 82 -j DNAT --to-destination %s
                -A POSTROUTING -o east -p udp -j MASQUERADE
                -A POSTROUTING -o east -p tcp -j SNAT --to-source %s
                COMMIT
                """
                        .formatted(
                                places.withPort(places.east(), 5353),
                                places.withPort(places.far(), 8282),
                                places.withPort(places.far(), 7000));
        Header query = Header.ports(places.west(), 1000, places.far(), 53, Header.UDP, 0);
        Header translated = Header.ports(places.routerEast(), 1000, places.east(), 5353, Header.UDP, 0);
        Header syn = Header.ports(places.west(), 1001, places.east(), 80, Header.TCP, Header.SYN);
        List<Observation> seen = RealWorldIT.run(
                variant,
                family,
                rules,
                new Sending(Way.WEST, query),
                new Sending(Way.EAST, back(translated, 0)),
                new Sending(Way.WEST, syn),
                new Sending(
                        Way.EAST,
                        Header.ports(places.east(), 80, places.far(), 7000, Header.TCP, Header.SYN | Header.ACK)),
                new Sending(Way.WEST, Header.ports(places.west(), 1002, places.far(), 81, Header.TCP, Header.SYN)),
                new Sending(
                        Way.LOCAL, Header.ports(places.routerEast(), 1003, places.east(), 82, Header.TCP, Header.SYN)),
                new Sending(
                        Way.EAST,
                        Header.icmp(places.east(), places.routerEast(), places.unreachable(), 3, 0, translated)));
        assertThat(seen.get(0).arrived()).contains(new Sight.Arrived("east", translated));
        assertThat(seen.get(1).arrived()).contains(new Sight.Arrived("west", back(query, 0)));
        assertThat(seen.get(2).arrived())
                .contains(new Sight.Arrived("east", syn.withEnds(places.far(), 7000, places.east(), 80)));
        assertThat(seen.get(3).arrived()).contains(new Sight.Arrived("west", back(syn, Header.SYN | Header.ACK)));
        assertThat(seen.get(4).arrived())
                .contains(new Sight.Arrived(
                        "local", Header.ports(places.west(), 1002, places.router(), 3128, Header.TCP, Header.SYN)));
        assertThat(seen.get(5).arrived())
                .contains(new Sight.Arrived(
                        "east", Header.ports(places.far(), 7000, places.far(), 8282, Header.TCP, Header.SYN)));
        // An error is translated outside and inside.
        assertThat(seen.get(6).arrived())
                .contains(new Sight.Arrived(
                        "west", Header.icmp(places.far(), places.west(), places.unreachable(), 3, 0, query)));
    }

    private static Header back(Header header, int flags) {
        return Header.ports(
                header.destination(),
                header.destinationPort(),
                header.source(),
                header.sourcePort(),
                header.protocol(),
                flags);
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.testkit.wire.RealWorldIT#kinds")
    void theStackOfTheRouterChangesNoFlow(IptablesVariant variant, Family family) {
        Places places = Places.of(family);
        Header echo = Header.icmp(places.west(), places.router(), places.echo(), 0, 5, null);
        Header query = Header.ports(places.west(), 9, places.router(), 53, Header.UDP, 0);
        Header syn = Header.ports(places.west(), 9, places.router(), 80, Header.TCP, Header.SYN);
        Header toItself = Header.ports(places.router(), 9, places.routerEast(), 53, Header.UDP, 0);
        Sending[] twice = Stream.of(echo, echo, query, query, syn, syn)
                .map(h -> new Sending(Way.WEST, h))
                .toArray(Sending[]::new);
        String rules =
                """
                *filter
                -A INPUT -i west -m conntrack --ctstate NEW -j ACCEPT
                -A INPUT -i west -j DROP
                COMMIT
                """;
        assertThat(RealWorldIT.run(variant, family, rules, twice))
                .allMatch(seen -> seen.arrived().isPresent() && seen.refused().isEmpty());
        assertThat(RealWorldIT.run(variant, family, rules, new Sending(Way.LOCAL, toItself))
                        .get(0)
                        .sights())
                .containsExactly(new Sight.Arrived("lo", toItself), new Sight.Arrived("local", toItself));
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.testkit.wire.RealWorldIT#kinds")
    void flowsOfTcpAreInOrder(IptablesVariant variant, Family family) {
        Places places = Places.of(family);
        Header out = Header.ports(places.west(), 9, places.far(), 80, Header.TCP, Header.SYN);
        int[] flags = {
            Header.SYN,
            Header.SYN | Header.ACK,
            Header.ACK,
            Header.ACK | Header.PSH,
            Header.FIN | Header.ACK,
            Header.ACK,
            Header.FIN | Header.ACK,
            Header.ACK
        };
        boolean[] reply = {false, true, false, true, false, true, true, false};
        List<Sending> sendings = new ArrayList<>();
        for (int i = 0; i < flags.length; i++) {
            Header there = Header.ports(out.source(), 9, out.destination(), 80, Header.TCP, flags[i]);
            sendings.add(reply[i] ? new Sending(Way.EAST, back(out, flags[i])) : new Sending(Way.WEST, there));
        }
        // Another, which a reset ends: what then comes is not established any more.
        Header second = Header.ports(places.west(), 10, places.far(), 80, Header.TCP, Header.SYN);
        sendings.add(new Sending(Way.WEST, second));
        sendings.add(new Sending(Way.EAST, back(second, Header.SYN | Header.ACK)));
        sendings.add(new Sending(Way.WEST, Header.ports(places.west(), 10, places.far(), 80, Header.TCP, Header.ACK)));
        sendings.add(new Sending(Way.EAST, back(second, Header.RST | Header.ACK)));
        sendings.add(new Sending(Way.WEST, second));
        String rules =
                """
                *filter
                -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
                -A FORWARD -i west -p tcp --syn -m conntrack --ctstate NEW -j ACCEPT
                -A FORWARD -j DROP
                COMMIT
                """;
        assertThat(RealWorldIT.run(variant, family, rules, sendings.toArray(Sending[]::new)))
                .allMatch(seen -> seen.arrived().isPresent());
    }
}
