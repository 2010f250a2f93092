package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.List;

/**
 * What the tracer once got wrong: rules, packets, and what Linux makes of the last one. Each stays here for good.
 *
 * @param expected what is seen of the last packet, a line each, sorted
 */
record WireCases(String name, Family family, String rules, List<Sending> packets, List<String> expected) {
    private static final String SEEN6 = "2001:db8:77::7";

    static List<WireCases> all() {
        return List.of(
                new WireCases(
                        "an ICMPv6 error comes from an address of the interface that the packet came in by",
                        Family.IPV6,
                        "*filter\n-A FORWARD -j REJECT --reject-with icmp6-no-route\nCOMMIT\n",
                        List.of(udp(Way.WEST, "2001:db8:2:0:8000::9", SEEN6)),
                        List.of("Refused east icmp 1/0 id 0 2001:db8:1::1 0 > 2001:db8:2:0:8000::9 0 flags 0 quoting"
                                + " [protocol 17 2001:db8:2:0:8000::9 4000 > 2001:db8:77::7 53 flags 0]")),
                new WireCases(
                        "an IPv6 address that is no own one is not of a type in UNICAST,LOCAL",
                        Family.IPV6,
                        "*filter\n-A FORWARD -m addrtype --dst-type UNICAST,LOCAL -j DROP\nCOMMIT\n",
                        List.of(udp(Way.WEST, "2001:db8:1::9", SEEN6)),
                        List.of("Arrived east protocol 17 2001:db8:1::9 4000 > 2001:db8:77::7 53 flags 0")),
                new WireCases(
                        "what is sent to an own anycast address goes by way of lo",
                        Family.IPV6,
                        "*filter\n-A INPUT -j DROP\nCOMMIT\n",
                        List.of(udp(Way.LOCAL, "2001:db8:1::1", "2001:db8:1::")),
                        List.of("Arrived lo protocol 17 2001:db8:1::1 4000 > 2001:db8:1:: 53 flags 0")),
                new WireCases(
                        "an anycast address is told of no error",
                        Family.IPV6,
                        "*filter\n-A FORWARD -j REJECT\nCOMMIT\n",
                        List.of(udp(Way.WEST, "2001:db8:2::", SEEN6)),
                        List.of()),
                new WireCases(
                        "a second flow that comes to the addresses of a first is dropped behind INPUT",
                        Family.IPV4,
                        "*nat\n-A INPUT -j SNAT --to-source 203.0.113.9\nCOMMIT\n",
                        List.of(
                                gre(Way.EAST, "10.43.0.10", "203.0.113.1"),
                                gre(Way.EAST, "203.0.113.9", "203.0.113.1")),
                        List.of("Arrived local protocol 47 203.0.113.9 0 > 203.0.113.1 0 flags 0")),
                new WireCases(
                        "a translated DCCP packet fails the checksum that an ICMPv6 error asks for",
                        Family.IPV6,
                        "*nat\n-A PREROUTING -j DNAT --to-destination 2001:db8:2::fe\nCOMMIT\n"
                                + "*filter\n-A FORWARD -j REJECT\nCOMMIT\n",
                        List.of(new Sending(
                                Way.WEST, Header.ports(ip("2001:db8:1::9"), 4000, ip(SEEN6), 53, Header.DCCP, 0))),
                        List.of()),
                new WireCases(
                        "IPv6 has no route to a loopback address by another interface",
                        Family.IPV6,
                        "*nat\n-A PREROUTING -j DNAT --to-destination ::1\nCOMMIT\n",
                        List.of(udp(Way.WEST, "2001:db8:1::9", SEEN6)),
                        List.of("Refused west icmp 1/0 id 0 2001:db8:77::7 0 > 2001:db8:1::9 0 flags 0 quoting"
                                + " [protocol 17 2001:db8:1::9 4000 > 2001:db8:77::7 53 flags 0]")),
                new WireCases(
                        "but the default route of that interface leads there too",
                        Family.IPV6,
                        "*nat\n-A PREROUTING -j DNAT --to-destination ::1\nCOMMIT\n",
                        List.of(udp(Way.EAST, "2001:db8:2::9", SEEN6)),
                        List.of("Arrived east protocol 17 2001:db8:2::9 4000 > ::1 53 flags 0")),
                new WireCases(
                        "the reset that answers an untracked packet can't be untracked",
                        Family.IPV4,
                        "*raw\n-A OUTPUT -j NOTRACK\nCOMMIT\n*filter\n"
                                + "-A OUTPUT -p tcp -m conntrack --ctstate UNTRACKED -j REJECT --reject-with tcp-reset\n"
                                + "COMMIT\n",
                        List.of(new Sending(
                                Way.LOCAL,
                                Header.ports(ip("10.200.1.1"), 4000, ip("203.0.113.9"), 53, Header.TCP, Header.SYN))),
                        List.of(
                                "Refused lo protocol 6 203.0.113.9 53 > 10.200.1.1 4000 flags 20",
                                "Refused local protocol 6 203.0.113.9 53 > 10.200.1.1 4000 flags 20")),
                new WireCases(
                        "what a rule asked not to track is UNTRACKED to the rule behind it",
                        Family.IPV4,
                        "*raw\n-A PREROUTING -j NOTRACK\n"
                                + "-A PREROUTING -m conntrack --ctstate UNTRACKED --ctdir REPLY -j DROP\nCOMMIT\n",
                        List.of(udp(Way.WEST, "10.200.1.9", "203.0.113.9")),
                        List.of()),
                new WireCases(
                        "the raw table sees no state but INVALID",
                        Family.IPV4,
                        "*raw\n-A PREROUTING -m conntrack ! --ctstate INVALID -j DROP\nCOMMIT\n",
                        List.of(udp(Way.WEST, "10.200.1.9", "203.0.113.9")),
                        List.of("Arrived east protocol 17 10.200.1.9 4000 > 203.0.113.9 53 flags 0")),
                new WireCases(
                        "UDP-Lite that comes in by a wire is INVALID",
                        Family.IPV4,
                        "*filter\n-A FORWARD -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n",
                        List.of(new Sending(
                                Way.WEST,
                                Header.ports(ip("10.200.1.9"), 4000, ip("203.0.113.9"), 53, Header.UDPLITE, 0))),
                        List.of()));
    }

    private static Ip ip(String text) {
        return Ip.parse(text);
    }

    private static Sending udp(Way way, String source, String destination) {
        return new Sending(way, Header.ports(ip(source), 4000, ip(destination), 53, Header.UDP, 0));
    }

    private static Sending gre(Way way, String source, String destination) {
        return new Sending(way, Header.other(ip(source), ip(destination), 47));
    }

    static List<String> texts(List<Sight> sights) {
        return sights.stream()
                .map(sight ->
                        sight.getClass().getSimpleName() + " " + sight.where() + " " + Observation.text(sight.header()))
                .sorted()
                .toList();
    }

    @Override
    public String toString() {
        return name;
    }
}
