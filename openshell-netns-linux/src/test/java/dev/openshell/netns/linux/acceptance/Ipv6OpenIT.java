package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.NetnsSandbox;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A sandbox whose policy lists an IPv6 host reaches that one, and no other. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class Ipv6OpenIT {
    private static final Duration DROPPED = Duration.ofMillis(800);
    private static final List<String> ALLOWED = List.of(
            "tcp 2001:db8:2::10 443",
            "tcp 203.0.113.14 443",
            "getaddrinfo v6only.example",
            "getaddrinfo dual.example",
            "dns udp 10.43.0.10 v6only.example AAAA");

    private static final List<String> FLOWS = List.of(
            "6 2001:db8:1::2 > 2001:db8:2::10 443 by uplink",
            "6 198.51.100.2 > 203.0.113.14 443 by uplink",
            "17 198.51.100.2 > 10.43.0.10 53 by uplink");

    private static NetnsSandbox apply(Setting setting, PodWorld world) {
        return setting.builder(world)
                .proxy(PodWorld.PROXY_PORT)
                .allowDns(PodWorld.DNS)
                .directTcp("v6only.example")
                .directTcp("dual.example")
                .apply();
    }

    private static List<String> refused(NetnsSandbox sandbox) {
        List<String> probes = new ArrayList<>();
        for (String host : List.of(PodWorld.LISTED6, PodWorld.UNLISTED6, PodWorld.POD6, "2001:db8:3::3")) {
            PodWorld.TCP_PORTS.forEach(port -> probes.add("tcp " + host + " " + port));
            PodWorld.UDP_PORTS.forEach(port -> probes.add("udp " + host + " " + port));
            probes.addAll(List.of("ping " + host, "raw 58 " + host, "raw 253 " + host, "raw 132 " + host));
        }
        probes.remove("tcp 2001:db8:2::10 443");
        String end = sandbox.veth().hostAddress(Family.IPV6).orElseThrow().getHostAddress();
        PodWorld.TCP_PORTS.forEach(port -> probes.add("tcp " + end + " " + port));
        probes.add("udp " + end + " 53");
        probes.add("ping " + end);
        probes.add("tcp 203.0.113.14 80");
        return probes;
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void theListedHostIsReachedAndAllIsAsBeforeAfterwards(Setting setting) {
        try (PodWorld world = setting.open()) {
            PodState before = world.snapshot();
            try (NetnsSandbox sandbox = apply(setting, world)) {
                world.capture().take();
                Probes inside = Setting.probes(world, sandbox);
                assertThat(inside.one("tcp 2001:db8:2::10 443").detail())
                        .startsWith("tcp 2001:db8:2::10 443 2001:db8:1::2 ");
                assertThat(inside.all(ALLOWED).values())
                        .filteredOn(outcome -> !outcome.ok())
                        .isEmpty();
                assertThat(inside.one("getaddrinfo v6only.example").detail()).isEqualTo("2001:db8:2::10");
                assertThat(world.capture().takeFlows()).containsExactlyInAnyOrderElementsOf(FLOWS);
            }
            assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void everythingElseIsRefusedAndTheHostEndHoldsAlone(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = apply(setting, world);
                NetnsSandbox other = apply(setting, world);
                Listeners open = world.listen(other::start, List.of("-/tcp/::/80", "-/udp/::/53"))) {
            List<String> refused = refused(sandbox);
            String neighbourSandbox =
                    other.veth().sandboxAddress(Family.IPV6).orElseThrow().getHostAddress();
            Probes inside = Setting.probes(world, sandbox);
            assertThat(inside.reached(Probes.PATIENCE, ALLOWED)).hasSize(ALLOWED.size());
            world.listeners().take();
            world.capture().take();
            assertThat(inside.all(refused).values())
                    .filteredOn(outcome -> !outcome.refusedInTime())
                    .isEmpty();
            Path path = sandbox.namespace().path();
            for (String tool : List.of("ip6tables-nft", "ip6tables-legacy", "iptables-nft", "iptables-legacy")) {
                for (String chain : List.of("INPUT", "OUTPUT")) {
                    Shell.must(Setting.nsenter(path, tool, "-w", "-P", chain, "ACCEPT"));
                }
                Shell.must(Setting.nsenter(path, tool, "-w", "-F"));
            }
            Shell.must(Setting.nsenter(path, "nft", "flush", "ruleset"));
            String spoofed = "2001:db8:1::77/128";
            Shell.must(Setting.nsenter(path, "ip", "address", "add", spoofed, "dev", "eth0", "nodad"));
            List<String> more = new ArrayList<>(refused);
            more.add("tcp " + neighbourSandbox + " 80");
            more.add("udp " + neighbourSandbox + " 53");
            more.add("from 2001:db8:1::77 tcp 2001:db8:2::10 443");
            more.add("from 2001:db8:1::77 udp 2001:db8:2::10 443");
            assertThat(Setting.privileged(world, path).all(DROPPED, more).values())
                    .filteredOn(outcome -> outcome.ok() && !outcome.detail().equals("sent"))
                    .isEmpty();
            assertThat(world.capture().take()).isEmpty();
            assertThat(world.listeners().take()).isEmpty();
            assertThat(open.take()).isEmpty();
            Shell.must(Setting.nsenter(path, "ip", "address", "delete", spoofed, "dev", "eth0"));
            assertThat(inside.reached(Probes.PATIENCE, ALLOWED)).hasSize(ALLOWED.size());
            assertThat(world.capture().takeFlows()).containsExactlyInAnyOrderElementsOf(FLOWS);

            world.mustInPod("sysctl", "-q", "-w", "net.ipv4.ping_group_range=0 0");
            assertThat(Probes.at(world, world::feedInPod).all(refused).values())
                    .filteredOn(outcome -> !outcome.ok())
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void thePodBecomesNoIpv6Router(Setting setting) {
        try (PodWorld world = setting.open()) {
            Probes neighbour = Probes.at(world, world::feedInNeighbour);
            Probes uplink = Probes.at(world, world::feedInUplink);
            List<String> through = List.of("tcp 2001:db8:2::10 443", "udp 2001:db8:2::66 443", "raw 58 2001:db8:2::10");
            List<String> back = List.of("tcp 2001:db8:3::3 443", "udp 2001:db8:3::3 443");
            world.mustInPod("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1");
            assertThat(neighbour.reached(Probes.PATIENCE, through)).hasSameSizeAs(through);
            assertThat(uplink.reached(Probes.PATIENCE, back)).hasSameSizeAs(back);
            world.mustInPod("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=0");
            try (NetnsSandbox sandbox = apply(setting, world)) {
                assertThat(Setting.probes(world, sandbox).reached(Probes.PATIENCE, ALLOWED))
                        .hasSize(ALLOWED.size());
                world.listeners().take();
                assertThat(neighbour.reached(DROPPED, through)).isEmpty();
                assertThat(uplink.reached(DROPPED, back)).isEmpty();
                assertThat(world.listeners().take()).isEmpty();
            }
        }
    }
}
