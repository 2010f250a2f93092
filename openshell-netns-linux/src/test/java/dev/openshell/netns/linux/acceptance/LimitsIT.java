package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxListener;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A sandbox opens as much as its limits let it, to each endpoint, and what the pod tracks of it has an end. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class LimitsIT {
    private static final int MOST = 20;
    private static final int MOST_PER_SECOND = 10;
    private static final String OTHER = "203.0.113.11";
    private static final String PROBE = "tcp " + PodWorld.LISTED + " 443";
    private static final List<String> REST = List.of(
            "tcp " + OTHER + " 443",
            "tcp " + PodWorld.LISTED6 + " 443",
            "dns udp 10.43.0.10 db.internal A",
            "dns tcp 10.43.0.10 db.internal A");

    private static NetnsSandbox.Builder open(Setting setting, PodWorld world) {
        return setting.builder(world)
                .allowDns(PodWorld.DNS)
                .directTcp(PodWorld.LISTED)
                .directTcp(OTHER)
                .directTcp(PodWorld.LISTED6);
    }

    private static NetnsSandbox limited(Setting setting, PodWorld world) {
        return open(setting, world)
                .maxConnections(MOST)
                .maxConnectionsPerSecond(MOST_PER_SECOND)
                .apply();
    }

    /** Returns how many flows to a host the pod tracks that are not closed. */
    private static long tracked(PodWorld world, String protocol, String host) {
        String family = host.indexOf(':') < 0 ? "ipv4" : "ipv6";
        return world.inPod("conntrack", "-L", "-f", family, "-p", protocol, "--orig-dst", host).lines().stream()
                .filter(line -> line.startsWith(protocol) && !line.contains("TIME_WAIT"))
                .count();
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void soManyConnectionsAtOnceAndNoMore(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox other = limited(setting, world);
                NetnsSandbox sandbox = limited(setting, world)) {
            Probes inside = Setting.probes(world, sandbox);
            for (String host : List.of(PodWorld.LISTED, PodWorld.LISTED6)) {
                String probe = "tcp " + host + " 443";
                try (Flows held = Flows.tcp(sandbox::start, host, 443, MOST + 10)) {
                    assertThat(held.open()).isEqualTo(MOST);
                    assertThat(tracked(world, "tcp", host)).isEqualTo(MOST);
                    assertThat(inside.one(probe).outcome()).isEqualTo("timeout");
                    // All else works, and the same elsewhere.
                    List<String> rest =
                            REST.stream().filter(each -> !each.equals(probe)).toList();
                    assertThat(inside.reached(Probes.PATIENCE, rest)).hasSameSizeAs(rest);
                    assertThat(inside.one("tcp " + PodWorld.UNLISTED + " 443").refusedInTime())
                            .isTrue();
                    assertThat(Setting.probes(world, other).one(probe).ok()).isTrue();
                    if (setting.iptables() == IptablesVariant.NFT) {
                        world.mustInPod(setting.tool(), "-w", "-N", "OTHERS");
                        assertThat(inside.one(probe).outcome()).isEqualTo("timeout");
                        world.mustInPod(setting.tool(), "-w", "-X", "OTHERS");
                    }
                }
                assertThat(inside.one(probe).ok()).isTrue();
            }
            assertThat(sandbox.verifyLoaded().regions()).isPositive();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void soManyNewOnesASecond(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = open(setting, world)
                        .unlimited()
                        .maxConnectionsPerSecond(MOST_PER_SECOND)
                        .apply()) {
            try (Flows first = Flows.udp(sandbox::start, PodWorld.DNS, 53, 200);
                    Flows second = Flows.tcp(sandbox::start, PodWorld.LISTED, 443, 1)) {
                assertThat(first.open()).isBetween(2 * MOST_PER_SECOND, 4 * MOST_PER_SECOND);
                assertThat(tracked(world, "udp", PodWorld.DNS)).isEqualTo(first.open());
                assertThat(second.open()).isEqualTo(1);
            }
            // The pod forgets no count when others change their rules.
            world.mustInPod(setting.tool(), "-w", "-N", "OTHERS");
            try (Flows burst = Flows.udp(sandbox::start, PodWorld.DNS, 53, 200)) {
                assertThat(burst.open()).isLessThan(3 * MOST_PER_SECOND);
            }
            world.mustInPod(setting.tool(), "-w", "-X", "OTHERS");
            assertThat(Setting.probes(world, sandbox).one(REST.get(0)).ok()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void whatIsTrackedOfManySourcePortsIsBoundedAndTold(Setting setting) throws InterruptedException {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox =
                        open(setting, world).unlimited().maxConnections(MOST).apply()) {
            sandbox.listen(new SandboxListener() {
                @Override
                public void limited(NetnsSandbox limited, String limit, long packets) {
                    told.add((limited == sandbox) + " " + limit + " " + (packets > 0));
                }
            });
            assertThat(Setting.probes(world, sandbox).one(PROBE).ok()).isTrue();
            assertThat(told.poll(3, TimeUnit.SECONDS)).isNull();
            try (Flows sprayed = Flows.udp(sandbox::start, PodWorld.DNS, 53, 200)) {
                assertThat(sprayed.open()).isEqualTo(MOST);
                assertThat(tracked(world, "udp", PodWorld.DNS)).isEqualTo(MOST);
            }
            assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("true maxConnections(20) true");
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void withoutLimitsAllGetThrough(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = open(setting, world).unlimited().apply();
                Flows tcp = Flows.tcp(sandbox::start, PodWorld.LISTED, 443, MOST + 10);
                Flows tcp6 = Flows.tcp(sandbox::start, PodWorld.LISTED6, 443, MOST + 10);
                Flows udp = Flows.udp(sandbox::start, PodWorld.DNS, 53, 100)) {
            assertThat(tcp.open()).isEqualTo(MOST + 10);
            assertThat(tcp6.open()).isEqualTo(MOST + 10);
            assertThat(udp.open()).isEqualTo(100);
            assertThat(tracked(world, "udp", PodWorld.DNS)).isEqualTo(100);
            assertThat(Setting.probes(world, sandbox).one(PROBE).ok()).isTrue();
        }
    }
}
