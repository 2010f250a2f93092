package dev.openshell.netns.testkit.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules whose effect is known, for each kind of packet. */
@Tag("real-kernel")
class RealWorldIT {
    private static final int UNASSIGNED = 253;

    static Stream<Arguments> kinds() {
        return Stream.of(IptablesVariant.NFT, IptablesVariant.LEGACY)
                .flatMap(variant -> Stream.of(Family.values()).map(family -> Arguments.of(variant, family)));
    }

    private static Ip ip(String text) {
        return Ip.parse(text);
    }

    private static List<Header> oneOfEach(Places places, Ip from, Ip to) {
        return List.of(
                Header.ports(from, 1000, to, 80, Header.TCP, Header.SYN),
                Header.ports(from, 1000, to, 80, Header.UDP, 0),
                Header.ports(from, 1000, to, 80, Header.SCTP, 0),
                Header.ports(from, 1000, to, 80, Header.UDPLITE, 0),
                Header.ports(from, 1000, to, 80, Header.DCCP, 0),
                Header.icmp(from, to, places.echo(), 0, 77, null),
                Header.other(from, to, 47),
                Header.other(from, to, UNASSIGNED));
    }

    private static Map<Sending, String> everything(Places places) {
        Map<Sending, String> to = new HashMap<>();
        oneOfEach(places, places.west(), places.far()).forEach(h -> to.put(new Sending(Way.WEST, h), "east"));
        oneOfEach(places, places.west(), places.router()).forEach(h -> to.put(new Sending(Way.WEST, h), "local"));
        oneOfEach(places, places.east(), places.west()).forEach(h -> to.put(new Sending(Way.EAST, h), "west"));
        oneOfEach(places, places.east(), places.routerEast()).forEach(h -> to.put(new Sending(Way.EAST, h), "local"));
        oneOfEach(places, places.routerEast(), places.far()).forEach(h -> to.put(new Sending(Way.LOCAL, h), "east"));
        oneOfEach(places, places.router(), places.west()).forEach(h -> to.put(new Sending(Way.LOCAL, h), "west"));
        oneOfEach(places, places.router(), places.routerEast())
                .forEach(h -> to.put(new Sending(Way.LOCAL, h), "local"));
        return to;
    }

    /** Returns what becomes of packets in a router of their own with these rules. */
    static List<Observation> run(IptablesVariant variant, Family family, String rules, Sending... sendings) {
        try (RealWorld world = RealWorld.open(variant, false)) {
            world.load(family, rules);
            return world.send(List.of(sendings));
        }
    }

    private static void assertAllArrive(RealWorld world, Map<Sending, String> expected) {
        List<Sending> order = List.copyOf(expected.keySet());
        List<Observation> seen = world.send(order);
        for (int i = 0; i < order.size(); i++) {
            Sending sending = order.get(i);
            assertThat(seen.get(i).arrived())
                    .as("%s: %s", sending, seen.get(i))
                    .contains(new Sight.Arrived(expected.get(sending), sending.header()));
            assertThat(seen.get(i).refused()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void withoutRulesEverythingArrivesAsItWasSent(IptablesVariant variant, Family family) {
        try (RealWorld world = RealWorld.open(variant, false)) {
            assertAllArrive(world, everything(Places.of(family)));
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void noPacketIsInvalid(IptablesVariant variant, Family family) {
        try (RealWorld world = RealWorld.open(variant, false)) {
            world.load(
                    family,
                    """
                    *mangle
                    -A PREROUTING -m conntrack --ctstate INVALID -j DROP
                    -A OUTPUT -m conntrack --ctstate INVALID -j DROP
                    COMMIT
                    """);
            Map<Sending, String> all = everything(Places.of(family));
            // Linux sums UDP-Lite's pseudo-header with UDP's number: what comes in with a right checksum is invalid.
            all.keySet().removeIf(sending -> isUdpLite(sending) && sending.way() != Way.LOCAL);
            all.entrySet()
                    .removeIf(sending ->
                            isUdpLite(sending.getKey()) && sending.getValue().equals("local"));
            assertAllArrive(world, all);
        }
    }

    private static boolean isUdpLite(Sending sending) {
        return sending.header().protocol() == Header.UDPLITE;
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void droppedPacketsVanish(IptablesVariant variant, Family family) {
        String rules = "*filter\n-A INPUT -j DROP\n-A FORWARD -j DROP\n-A OUTPUT -j DROP\nCOMMIT\n";
        Sending[] all = everything(Places.of(family)).keySet().toArray(Sending[]::new);
        assertThat(run(variant, family, rules, all)).allMatch(Observation::vanished);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void refusalsHaveTheirTypeAndCode(IptablesVariant variant, Family family) {
        Map<String, Integer> codes = family == Family.IPV4
                ? Map.of(
                        "icmp-net-unreachable",
                        0,
                        "icmp-host-unreachable",
                        1,
                        "icmp-proto-unreachable",
                        2,
                        "icmp-port-unreachable",
                        3,
                        "icmp-net-prohibited",
                        9,
                        "icmp-host-prohibited",
                        10,
                        "icmp-admin-prohibited",
                        13)
                : Map.of(
                        "icmp6-no-route",
                        0,
                        "icmp6-adm-prohibited",
                        1,
                        "icmp6-addr-unreachable",
                        3,
                        "icmp6-port-unreachable",
                        4,
                        "icmp6-policy-fail",
                        5,
                        "icmp6-reject-route",
                        6);
        Places places = Places.of(family);
        for (Map.Entry<String, Integer> kind : codes.entrySet()) {
            String reject = " -j REJECT --reject-with " + kind.getKey() + "\n";
            // An answer passes OUTPUT itself.
            String related = "-A OUTPUT -m conntrack --ctstate RELATED -j ACCEPT\n";
            String rules =
                    "*filter\n-A INPUT" + reject + "-A FORWARD" + reject + related + "-A OUTPUT" + reject + "COMMIT\n";
            String end = " by icmp " + places.unreachable() + "/" + kind.getValue() + " from ";
            assertThat(run(
                                    variant,
                                    family,
                                    rules,
                                    new Sending(
                                            Way.WEST,
                                            Header.ports(places.west(), 1, places.far(), 80, Header.TCP, Header.SYN)),
                                    new Sending(
                                            Way.EAST, Header.ports(places.east(), 1, places.west(), 80, Header.UDP, 0)),
                                    new Sending(
                                            Way.WEST,
                                            Header.icmp(places.west(), places.router(), places.echo(), 0, 9, null)),
                                    new Sending(
                                            Way.LOCAL,
                                            Header.ports(
                                                    places.router(), 1, places.west(), 80, Header.TCP, Header.SYN)))
                            .stream()
                            .map(Observation::toString))
                    .containsExactly(
                            "refused west" + end + places.router(),
                            "refused east" + end + places.routerEast(),
                            "refused west" + end + places.router(),
                            "refused lo" + end + places.router());
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void resetsAreSeen(IptablesVariant variant, Family family) {
        Places places = Places.of(family);
        String reject = " -p tcp --tcp-flags RST NONE -j REJECT --reject-with tcp-reset\n";
        List<Observation> seen = run(
                variant,
                family,
                "*filter\n-A INPUT" + reject + "-A FORWARD" + reject + "-A OUTPUT" + reject + "COMMIT\n",
                new Sending(Way.WEST, Header.ports(places.west(), 1, places.far(), 80, Header.TCP, Header.SYN)),
                new Sending(Way.WEST, Header.ports(places.west(), 1, places.far(), 80, Header.TCP, Header.SYN)),
                new Sending(Way.EAST, Header.ports(places.east(), 1, places.routerEast(), 80, Header.TCP, Header.ACK)),
                new Sending(Way.LOCAL, Header.ports(places.router(), 1, places.far(), 80, Header.TCP, Header.SYN)),
                new Sending(Way.WEST, Header.ports(places.west(), 1, places.far(), 80, Header.TCP, Header.RST)));
        assertThat(seen.get(0)).hasToString("refused west by tcp-reset from " + places.far());
        assertThat(seen.get(1)).hasToString("refused west by tcp-reset from " + places.far());
        assertThat(seen.get(2)).hasToString("refused east by tcp-reset from " + places.routerEast());
        // The rules let this answer in again, and that is seen too.
        assertThat(seen.get(3))
                .hasToString("refused lo by tcp-reset from " + places.far() + "; refused local by tcp-reset from "
                        + places.far());
        assertThat(seen.get(4).arrived()).isPresent();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void answersThatAreRefusedThemselvesAreNoRefusals(IptablesVariant variant, Family family) {
        Places places = Places.of(family);
        Header syn = Header.ports(places.west(), 1, places.far(), 80, Header.TCP, Header.SYN);
        String rules =
                """
                *filter
                -A FORWARD -p tcp -j REJECT --reject-with tcp-reset
                -A OUTPUT -p tcp -j REJECT
                COMMIT
                """;
        // The reset never leaves; its sender is told so, who is taken to be far away.
        Observation seen =
                run(variant, family, rules, new Sending(Way.WEST, syn)).get(0);
        assertThat(seen.refused()).isEmpty();
        assertThat(seen.arrived()).isEmpty();
        assertThat(seen.sights()).hasOnlyElementsOfType(Sight.Aside.class);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void packetsHaveTheirSendersUserAndGroup(IptablesVariant variant, Family family) {
        Places places = Places.of(family);
        Header header = Header.ports(places.routerEast(), 9, places.far(), 80, Header.TCP, Header.SYN);
        String rules = "*filter\n-A OUTPUT -m owner --uid-owner 1234 --gid-owner 1234 -j DROP\nCOMMIT\n";
        List<Observation> seen =
                run(variant, family, rules, new Sending(Way.LOCAL, header, 1234), new Sending(Way.LOCAL, header, 1235));
        assertThat(seen.get(0).vanished()).isTrue();
        assertThat(seen.get(1).arrived()).isPresent();
    }

    @Test
    void reversePathsAreFilteredWhereThatIsAskedFor() {
        Sending spoofed =
                new Sending(Way.WEST, Header.ports(ip("203.0.113.9"), 1, ip("198.51.100.7"), 80, Header.UDP, 0));
        try (RealWorld world = RealWorld.open(IptablesVariant.NFT, true)) {
            assertThat(world.send(List.of(spoofed)).get(0).vanished()).isTrue();
        }
        try (RealWorld world = RealWorld.open(IptablesVariant.NFT, false)) {
            assertThat(world.send(List.of(spoofed)).get(0).arrived()).isPresent();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void nothingIsLostInALargeBatch(IptablesVariant variant, Family family) {
        Places places = Places.of(family);
        List<Sending> sendings = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            Way way = Way.values()[i % 3];
            Ip from = way == Way.WEST ? places.west() : way == Way.EAST ? places.east() : places.routerEast();
            Ip to = way == Way.EAST ? places.west() : i % 2 == 0 ? places.far() : places.router();
            sendings.add(new Sending(way, Header.ports(from, 1000 + i, to, 80 + i % 4, Header.TCP, Header.SYN)));
        }
        String reject = " -p tcp --dport 81 -j REJECT --reject-with tcp-reset\n";
        String drop = " -p tcp --dport 82 -j DROP\n";
        StringBuilder rules = new StringBuilder("*filter\n");
        List.of("INPUT", "FORWARD", "OUTPUT").forEach(chain -> rules.append("-A ")
                .append(chain)
                .append(reject)
                .append("-A ")
                .append(chain)
                .append(drop));
        List<Observation> seen = run(variant, family, rules + "COMMIT\n", sendings.toArray(Sending[]::new));
        for (int i = 0; i < 1000; i++) {
            boolean refused = i % 4 == 1;
            assertThat(seen.get(i).refused().isPresent())
                    .as("%d %s", i, seen.get(i))
                    .isEqualTo(refused);
            assertThat(seen.get(i).arrived().isPresent())
                    .as("%d %s", i, seen.get(i))
                    .isEqualTo(i % 4 == 0 || i % 4 == 3);
        }
    }

    @Test
    void nothingIsLeft() throws Exception {
        Places places = Places.of(Family.IPV4);
        Sending sending = new Sending(Way.LOCAL, Header.ports(places.routerEast(), 9, places.far(), 80, Header.UDP, 0));
        run(IptablesVariant.NFT, Family.IPV4, "*filter\nCOMMIT\n", sending);
        Set<String> descriptors = descriptors();
        Set<String> affinity = affinity();
        int threads = Thread.activeCount();
        for (int i = 0; i < 5; i++) {
            run(IptablesVariant.NFT, Family.IPV4, "*filter\nCOMMIT\n", sending);
        }
        assertThat(descriptors()).isEqualTo(descriptors);
        assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads);
        assertThat(affinity()).isEqualTo(affinity);
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            Set<Path> namespaces = new TreeSet<>();
            for (Path task : tasks.toList()) {
                namespaces.add(Files.readSymbolicLink(task.resolve("ns/net")));
            }
            assertThat(namespaces).hasSize(1);
        }
    }

    /** Returns what the process holds open: sockets and namespaces. */
    private static Set<String> descriptors() throws Exception {
        Set<String> open = new TreeSet<>();
        try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
            for (Path fd : list.toList()) {
                if (Files.isSymbolicLink(fd)) {
                    String target = Files.readSymbolicLink(fd).toString();
                    if (target.startsWith("socket:") || target.startsWith("net:") || target.startsWith("/proc")) {
                        open.add(fd.getFileName() + " " + target);
                    }
                }
            }
        }
        open.removeIf(text -> text.endsWith("/fd"));
        return open;
    }

    private static Set<String> affinity() throws Exception {
        return Set.copyOf(Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
                .filter(line -> line.startsWith("Cpus_allowed"))
                .toList());
    }
}
