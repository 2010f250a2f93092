package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsSandbox;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is not allowed is refused at once, and what is refused would work elsewhere. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RefusalIT {
    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void everythingElseIsRefusedWithinASecond(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.apply(world)) {
            List<String> refused = setting.refused(sandbox);
            Probes inside = Setting.probes(world, sandbox);
            world.capture().take();

            assertThat(inside.all(refused).values())
                    .filteredOn(outcome -> !outcome.refusedInTime())
                    .isEmpty();
            // A kernel may have no SCTP: then there is nothing to compare with.
            assertThat(inside.one("sctp 203.0.113.10 443").refusedInTime()).isTrue();
            assertThat(inside.one("from 198.51.100.77 udp 203.0.113.10 443").refusedInTime())
                    .isTrue();
            assertThat(inside.one("from 198.51.100.77 tcp 203.0.113.10 443").refusedInTime())
                    .isTrue();
            assertThat(world.capture().take()).isEmpty();
            assertThat(world.listeners().take()).isEmpty();

            assertThat(inside.reached(Probes.PATIENCE, Setting.allowed()))
                    .hasSize(Setting.allowed().size());
            assertThat(world.capture().takeFlows()).isEqualTo(new TreeSet<>(setting.flows()));
            world.mustInPod("sysctl", "-q", "-w", "net.ipv4.ping_group_range=0 0");
            assertThat(Probes.at(world, world::feedInPod).all(refused).values())
                    .filteredOn(outcome -> !outcome.ok())
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void tcpIsRefusedAsAClosedPortRefuses(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.apply(world)) {
            Probes inside = Setting.probes(world, sandbox);
            for (String probe : List.of("tcp 203.0.113.66 443", "tcp 203.0.113.10 80", "tcp 169.254.169.254 80")) {
                assertThat(inside.one(probe).outcome()).as(probe).isEqualTo("ECONNREFUSED");
            }
            assertThat(inside.one("udp 203.0.113.66 123").outcome()).isIn("ECONNREFUSED", "EPERM");
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void twoSandboxesDoNotReachEachOther(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox one = setting.apply(world);
                NetnsSandbox two = setting.apply(world);
                Listeners proxy = world.listenInPod("tcp", Setting.host(two), PodWorld.PROXY_PORT);
                Listeners open = world.listen(
                        two::start, List.of("-/tcp/0.0.0.0/443", "-/tcp/0.0.0.0/80", "-/udp/0.0.0.0/53"))) {
            List<String> probes = List.of(
                    "tcp " + Setting.inside(two) + " 443",
                    "tcp " + Setting.inside(two) + " 80",
                    "udp " + Setting.inside(two) + " 53",
                    "tcp " + Setting.host(two) + " 3128");
            world.capture().take();
            assertThat(Setting.probes(world, one).all(probes).values()).allMatch(Probes.Outcome::refusedInTime);
            assertThat(open.take()).isEmpty();
            assertThat(proxy.take()).isEmpty();
            assertThat(world.capture().take()).isEmpty();

            assertThat(Setting.probes(world, two).reached(Probes.PATIENCE, probes))
                    .hasSize(4);
            assertThat(open.take()).hasSize(3);
            assertThat(proxy.take()).hasSize(1);
        }
    }
}
