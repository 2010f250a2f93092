package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.Rule;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A name is listed by one party and resolved by another. */
@Tag("real-kernel")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class HostileNamesIT {
    private static final Setting PLAIN = new Setting(PodWorld.Variant.PLAIN, IptablesVariant.AUTO);

    @ParameterizedTest
    @CsvSource({"rebind.example, 169.254.169.254", "pod-itself.example, 198.51.100.2", "nobody.example, nobody.example"
    })
    void aNameWithoutAnAddressThatMayBeReachedIsAnError(String name, String told) {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN)) {
            assertThatThrownBy(() -> PLAIN.builder(world).directTcp(name).apply())
                    .isInstanceOf(NetnsException.class)
                    .hasMessageContaining(name)
                    .hasMessageContaining(told);
        }
    }

    @Test
    void aMixLosesTheBadOnes() {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN);
                NetnsSandbox sandbox = PLAIN.builder(world)
                        .directTcp("mixed.example")
                        .directTcp("cname.example", 5432)
                        .apply()) {
            assertThat(sandbox.ruleSet().rules())
                    .extracting(Rule::toString)
                    .containsExactlyInAnyOrder(
                            "tcp:203.0.113.13:443", "tcp:203.0.113.10:5432", "tcp:203.0.113.11:5432");
            Probes inside = Setting.probes(world, sandbox);
            List<String> allowed = List.of("tcp 203.0.113.13 443", "tcp 203.0.113.10 5432", "tcp 203.0.113.11 5432");
            assertThat(inside.reached(Probes.PATIENCE, allowed)).hasSize(3);
            assertThat(inside.one("tcp 203.0.113.10 443").refusedInTime()).isTrue();
            assertThat(inside.one("dns udp 10.43.0.10 db.internal A").refusedInTime())
                    .isTrue();
        }
    }

    @Test
    void aPrivateAddressIsOpenUnlessOnlyPublicOnesAre() {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN)) {
            NetnsSandbox.Builder builder = PLAIN.builder(world).directTcp("private.example");
            try (NetnsSandbox sandbox = builder.apply()) {
                assertThat(Setting.probes(world, sandbox)
                                .one("tcp 10.43.7.7 443")
                                .ok())
                        .isTrue();
            }
            assertThatThrownBy(() -> builder.publicOnly().apply())
                    .isInstanceOf(NetnsException.class)
                    .hasMessageContaining("10.43.7.7");
        }
    }

    @Test
    void aListOfManyAddressesIsOpenedWhole() {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.DNS_SERVICE);
                NetnsSandbox sandbox =
                        PLAIN.builder(world).directTcp("many.example").apply()) {
            assertThat(sandbox.ruleSet().rules()).hasSize(60);
        }
    }
}
