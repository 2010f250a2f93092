package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The world itself: what a sandbox is denied in it is there, and would be seen. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class PodWorldIT {
    private static final List<String> HOSTS = List.of(
            PodWorld.LISTED,
            "203.0.113.20",
            PodWorld.UNLISTED,
            PodWorld.LISTED6,
            PodWorld.UNLISTED6,
            PodWorld.METADATA,
            PodWorld.OTHER_DNS,
            PodWorld.NEIGHBOUR,
            PodWorld.POD,
            PodWorld.POD_ON_LAN,
            PodWorld.POD6);

    @ParameterizedTest
    @EnumSource
    void everythingAnswersThePod(PodWorld.Variant variant) {
        try (PodWorld world = PodWorld.open(variant)) {
            Probes pod = Probes.at(world, world::feedInPod);
            List<String> probes = new ArrayList<>(List.of(
                    "ping 203.0.113.10",
                    "ping 2001:db8:2::10",
                    "raw 1 203.0.113.10",
                    "raw 58 2001:db8:2::10",
                    "udp 203.0.113.66 53"));
            for (String host : HOSTS) {
                PodWorld.TCP_PORTS.forEach(port -> probes.add("tcp " + host + " " + port));
                PodWorld.UDP_PORTS.forEach(port -> probes.add("udp " + host + " " + port));
            }
            world.mustInPod("sysctl", "-q", "-w", "net.ipv4.ping_group_range=0 0");
            assertThat(pod.all(probes).values())
                    .filteredOn(outcome -> !outcome.ok())
                    .isEmpty();
            String expected = variant == PodWorld.Variant.HOST_SERVICE
                    ? "tcp 10.43.9.9 8443 198.51.100.2 "
                    : "tcp 203.0.113.10 443 198.51.100.2 ";
            assertThat(pod.one("tcp 203.0.113.10 443").detail()).startsWith(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void bothResolversAnswerThePod(PodWorld.Variant variant) {
        try (PodWorld world = PodWorld.open(variant)) {
            Probes pod = Probes.at(world, world::feedInPod);
            for (String server : List.of(PodWorld.DNS, PodWorld.OTHER_DNS)) {
                for (String transport : List.of("udp", "tcp")) {
                    String ask = "dns " + transport + " " + server + " ";
                    assertThat(pod.one(ask + "wss-primary.slack.example A").detail())
                            .isEqualTo("NOERROR 203.0.113.10 203.0.113.11");
                    assertThat(pod.one(ask + "cname.example A").detail())
                            .isEqualTo("NOERROR 203.0.113.10 203.0.113.11");
                    assertThat(pod.one(ask + "v6only.example AAAA").detail()).isEqualTo("NOERROR 2001:db8:2::10");
                    assertThat(pod.one(ask + "nobody.example A").detail()).isEqualTo("NXDOMAIN");
                }
            }
            assertThat(pod.one("dns udp 10.43.0.10 many.example A").detail()).contains(" TC");
            assertThat(pod.one("dns tcp 10.43.0.10 many.example A").detail().split(" "))
                    .hasSize(61);
            assertThat(pod.one("getaddrinfo db.internal").detail()).isEqualTo("203.0.113.12");
            assertThat(pod.one("tcp 10.43.0.10 80").ok()).isEqualTo(variant != PodWorld.Variant.DNS_SERVICE);
        }
    }

    @Test
    void theCaptureSeesWhatLeavesThePodAndOnlyThat() {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN)) {
            Probes pod = Probes.at(world, world::feedInPod);
            assertThat(world.capture().take()).isEmpty();
            pod.all(List.of(
                    "tcp 203.0.113.10 443",
                    "udp 203.0.113.66 123",
                    "tcp 2001:db8:2::10 443",
                    "tcp 10.43.1.3 80",
                    "raw 1 203.0.113.11",
                    "raw 47 203.0.113.11",
                    "raw 132 203.0.113.11",
                    "raw 253 203.0.113.11",
                    "header 253 192.168.99.99 203.0.113.12",
                    "raw 58 2001:db8:2::10",
                    "tcp 198.51.100.2 80"));
            assertThat(world.capture().takeFlows())
                    .containsExactlyInAnyOrder(
                            "6 198.51.100.2 > 203.0.113.10 443 by uplink",
                            "17 198.51.100.2 > 203.0.113.66 123 by uplink",
                            "6 2001:db8:1::2 > 2001:db8:2::10 443 by uplink",
                            "6 10.43.1.2 > 10.43.1.3 80 by lan",
                            "1 198.51.100.2 > 203.0.113.11 8 by uplink",
                            "47 198.51.100.2 > 203.0.113.11 -1 by uplink",
                            "132 198.51.100.2 > 203.0.113.11 0 by uplink",
                            "253 198.51.100.2 > 203.0.113.11 -1 by uplink",
                            "253 192.168.99.99 > 203.0.113.12 -1 by uplink",
                            "58 2001:db8:1::2 > 2001:db8:2::10 128 by uplink");
            assertThat(world.capture().take()).isEmpty();
        }
    }

    @Test
    void theNeighbourGetsThroughOnlyIfThePodForwards() {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN)) {
            Probes neighbour = Probes.at(world, world::feedInNeighbour);
            List<String> probes = List.of("tcp 203.0.113.10 443", "udp 203.0.113.10 443", "tcp 2001:db8:2::10 443");
            assertThat(neighbour.reached(Duration.ofMillis(300), probes)).isEmpty();
            assertThat(world.capture().takeFlows()).noneMatch(flow -> flow.endsWith(" by uplink"));
            assertThat(world.listeners().take()).isEmpty();
            world.mustInPod("sysctl", "-q", "-w", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
            assertThat(neighbour.reached(Probes.PATIENCE, probes)).hasSize(3);
            assertThat(world.capture().takeFlows())
                    .filteredOn(flow -> flow.endsWith(" by uplink"))
                    .containsExactly(
                            "17 10.43.1.3 > 203.0.113.10 443 by uplink",
                            "6 10.43.1.3 > 203.0.113.10 443 by uplink",
                            "6 2001:db8:3::3 > 2001:db8:2::10 443 by uplink");
            assertThat(world.listeners().take()).hasSize(3);
        }
    }

    @Test
    void aChangeOfThePodShowsInItsSnapshotAndUsedTablesDoNot() {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN)) {
            PodState before = world.snapshot();
            for (String tool : List.of("iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy")) {
                world.mustInPod(tool, "-w", "-S");
                assertThat(world.snapshot()).isEqualTo(before);
                world.mustInPod(tool, "-w", "-A", "FORWARD", "-j", "DROP");
                assertThat(world.snapshot().lines()).contains(tool + " filter: -A FORWARD -j DROP");
                world.mustInPod(tool, "-w", "-F", "FORWARD");
                world.mustInPod(tool, "-w", "-P", "FORWARD", "DROP");
                assertThat(world.snapshot().lines()).contains(tool + " filter: :FORWARD DROP");
                world.mustInPod(tool, "-w", "-P", "FORWARD", "ACCEPT");
                assertThat(world.snapshot()).isEqualTo(before);
            }
            changes(world, before, "sysctl -q -w net.ipv4.conf.eth0.forwarding=%s", "1", "0");
            changes(world, before, "sysctl -q -w net.ipv4.ip_forward=%s", "1", "0");
            changes(world, before, "sysctl -q -w net.ipv6.conf.eth0.accept_ra=%s", "2", "1");
            changes(world, before, "ip address %s 10.200.0.1/30 dev eth1", "add", "del");
            changes(world, before, "ip route %s 10.200.0.0/30 dev eth1", "add", "del");
            changes(
                    world,
                    before,
                    "ip neighbour %s 10.43.1.77 lladdr 02:00:00:00:00:01 dev eth1 nud permanent",
                    "add",
                    "del");
            changes(world, before, "nft %s table inet other", "add", "delete");
        }
    }

    private static void changes(PodWorld world, PodState before, String command, String there, String back) {
        world.mustInPod(command.formatted(there).split(" "));
        assertThat(world.snapshot()).as(command).isNotEqualTo(before);
        world.mustInPod(command.formatted(back).split(" "));
        assertThat(world.snapshot().lines()).as(command).containsExactlyElementsOf(before.lines());
    }

    @Test
    void nothingOfAWorldOutlivesIt() {
        PodWorld.open(PodWorld.Variant.PLAIN).close();
        JvmState before = JvmState.now();
        String pod;
        try (PodWorld world = PodWorld.open(PodWorld.Variant.DNS_SERVICE)) {
            pod = world.pod();
            assertThat(JvmState.mountsNaming(id(pod))).hasSize(3);
            assertThat(processesOf(pod)).hasSize(3);
            assertThat(JvmState.now()).isNotEqualTo(before);
        }
        assertThat(JvmState.now()).isEqualTo(before);
        assertThat(JvmState.mountsNaming(id(pod))).isEmpty();
        assertThat(processesOf(pod)).isEmpty();
        assertThat(Path.of("/etc/netns", pod)).doesNotExist();
        assertThat(Shell.must("ip", "netns", "list")).doesNotContain(id(pod));
    }

    @Test
    void aWorldThatCanNotBeMadeLeavesNothing() {
        PodWorld.open(PodWorld.Variant.PLAIN).close();
        JvmState before = JvmState.now();
        Throwable failure = catchThrowable(() -> PodWorld.open(PodWorld.Variant.DNS_SERVICE, "no-such-iptables"));
        assertThat(failure).hasMessageContaining("no-such-iptables");
        String pod = failure.getMessage().replaceFirst("(?s).*(osh-pod-[0-9a-f]{8}).*", "$1");
        assertThat(JvmState.now()).isEqualTo(before);
        assertThat(JvmState.mountsNaming(id(pod))).isEmpty();
        assertThat(processesOf(pod)).isEmpty();
    }

    private static String id(String pod) {
        return pod.substring("osh-pod-".length());
    }

    /** Returns the processes whose command line names the world. */
    private static List<String> processesOf(String pod) {
        return Shell.run("pgrep", "-f", id(pod)).lines();
    }
}
