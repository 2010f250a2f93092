package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsSandbox;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A sandbox in a pod that has rules, neighbours and business of its own. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class HostEndIT {
    private static final Duration DROPPED = Duration.ofMillis(500);

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void aPodThatForwardsAndAcceptsNothingByItselfStillServesASandbox(Setting setting) {
        try (PodWorld world = setting.open()) {
            rule(world, setting, "-P FORWARD DROP");
            rule(world, setting, "-A FORWARD -j DROP");
            rule(world, setting, "-P INPUT DROP");
            rule(world, setting, "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT");
            rule(world, setting, "-A INPUT -j DROP");
            PodState before = world.snapshot();
            try (NetnsSandbox sandbox = setting.apply(world);
                    Listeners proxy = world.listenInPod("tcp", Setting.host(sandbox), PodWorld.PROXY_PORT)) {
                world.capture().take();
                Probes inside = Setting.probes(world, sandbox);
                assertThat(inside.all(Setting.allowed()).values())
                        .filteredOn(outcome -> !outcome.ok())
                        .isEmpty();
                assertThat(inside.one("tcp " + Setting.host(sandbox) + " 3128").ok())
                        .isTrue();
                assertThat(proxy.take()).hasSize(1);
                assertThat(world.capture().takeFlows()).isEqualTo(new TreeSet<>(setting.flows()));
            }
            assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void aPodThatAcceptsEverythingOpensNothing(Setting setting) {
        try (PodWorld world = setting.open()) {
            rule(world, setting, "-A FORWARD -j ACCEPT");
            rule(world, setting, "-A INPUT -j ACCEPT");
            rule(world, setting, "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
            world.mustInPod("sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
            try (NetnsSandbox sandbox = setting.apply(world)) {
                flush(sandbox);
                world.capture().take();
                List<String> refused = setting.refused(sandbox);
                Probes inside = Setting.probes(world, sandbox);
                assertThat(inside.reached(DROPPED, refused)).isEmpty();
                assertThat(world.capture().take()).isEmpty();
                assertThat(world.listeners().take()).isEmpty();
                assertThat(inside.reached(Probes.PATIENCE, Setting.allowed()))
                        .hasSize(Setting.allowed().size());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void thePodBecomesNoRouterForItsNeighbours(Setting setting) {
        try (PodWorld world = setting.open()) {
            Probes neighbour = Probes.at(world, world::feedInNeighbour);
            Probes uplink = Probes.at(world, world::feedInUplink);
            List<String> through = List.of(
                    "tcp 203.0.113.11 443",
                    "udp 203.0.113.10 443",
                    "raw 1 203.0.113.10",
                    "dns udp 10.43.0.11 db.internal A");
            List<String> back = List.of("tcp 10.43.1.3 443", "udp 10.43.1.3 443", "raw 1 10.43.1.3");
            world.mustInPod("sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
            assertThat(neighbour.reached(Probes.PATIENCE, through)).hasSameSizeAs(through);
            assertThat(uplink.reached(Probes.PATIENCE, back)).hasSameSizeAs(back);
            world.mustInPod("sysctl", "-q", "-w", "net.ipv4.ip_forward=0");

            try (NetnsSandbox sandbox = setting.apply(world);
                    Listeners open = world.listen(sandbox::start, List.of("-/tcp/0.0.0.0/80", "-/udp/0.0.0.0/53"))) {
                Probes inside = Setting.probes(world, sandbox);
                assertThat(inside.reached(Probes.PATIENCE, Setting.allowed()))
                        .hasSize(Setting.allowed().size());
                String own = Setting.inside(sandbox);
                List<String> in = List.of("tcp " + own + " 80", "udp " + own + " 53");
                world.capture().take();
                world.listeners().take();
                assertThat(neighbour.reached(DROPPED, through)).isEmpty();
                assertThat(neighbour.reached(DROPPED, in)).isEmpty();
                assertThat(uplink.reached(DROPPED, back)).isEmpty();
                assertThat(uplink.reached(DROPPED, in)).isEmpty();
                assertThat(world.capture().take()).isEmpty();
                assertThat(world.listeners().take()).isEmpty();
                assertThat(open.take()).isEmpty();
                assertThat(inside.reached(Probes.PATIENCE, in)).hasSize(2);
                assertThat(neighbour.one("tcp 10.43.1.2 80").ok())
                        .as("the pod's own service")
                        .isTrue();
                assertThat(uplink.one("tcp 198.51.100.2 80").ok())
                        .as("the pod's own service")
                        .isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void aPodThatIsARouterStaysOne(Setting setting) {
        try (PodWorld world = setting.open()) {
            world.mustInPod("sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
            Probes neighbour = Probes.at(world, world::feedInNeighbour);
            Probes uplink = Probes.at(world, world::feedInUplink);
            try (NetnsSandbox sandbox = setting.apply(world)) {
                assertThat(neighbour.one("tcp 203.0.113.10 80").ok()).isTrue();
                assertThat(uplink.one("tcp 10.43.1.3 80").ok()).isTrue();
                assertThat(Setting.probes(world, sandbox).reached(Probes.PATIENCE, Setting.allowed()))
                        .hasSize(Setting.allowed().size());
            }
            assertThat(neighbour.one("tcp 203.0.113.10 80").ok()).isTrue();
            assertThat(world.mustInPod("sysctl", "-n", "net.ipv4.ip_forward").trim())
                    .isEqualTo("1");
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void thePodItselfLosesNothing(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.apply(world)) {
            List<String> probes = setting.refused(sandbox);
            world.mustInPod("sysctl", "-q", "-w", "net.ipv4.ping_group_range=0 0");
            assertThat(Probes.at(world, world::feedInPod).all(probes).values())
                    .filteredOn(outcome -> !outcome.ok())
                    .isEmpty();
        }
    }

    private static void rule(PodWorld world, Setting setting, String rule) {
        world.mustInPod((setting.tool() + " -w " + rule).split(" "));
    }

    private static void flush(NetnsSandbox sandbox) {
        for (String tool : List.of("iptables-nft", "iptables-legacy")) {
            Shell.must(Setting.nsenter(sandbox.namespace().path(), tool, "-w", "-P", "OUTPUT", "ACCEPT"));
            Shell.must(Setting.nsenter(sandbox.namespace().path(), tool, "-w", "-P", "INPUT", "ACCEPT"));
            Shell.must(Setting.nsenter(sandbox.namespace().path(), tool, "-w", "-F"));
        }
        Shell.must(Setting.nsenter(sandbox.namespace().path(), "nft", "flush", "ruleset"));
    }
}
