package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Backend;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

/** What one backend loads does with every packet what the other one's does. */
class BackendProperties {
    @Provide
    Arbitrary<List<SandboxPolicy>> several() {
        return PolicyArbitraries.policies()
                .filter(BackendProperties::applies)
                .list()
                .ofMinSize(1)
                .ofMaxSize(3);
    }

    /** Without a proxy: what all destinations have together nf_tables counts for the proxy on its own. */
    @Provide
    Arbitrary<SandboxPolicy> limited() {
        return Combinators.combine(
                        PolicyArbitraries.policies()
                                .filter(policy -> policy.proxyPort().isEmpty() && applies(policy)),
                        Arbitraries.integers().between(1, 4),
                        Arbitraries.integers().between(1, 2),
                        Arbitraries.of(true, false))
                .as((policy, connections, rate, both) -> {
                    NetnsSandbox.Builder builder =
                            policy.toBuilder().unlimited().maxConnectionsPerSecond(rate);
                    return both ? builder.maxConnections(connections).policy() : builder.policy();
                });
    }

    private static boolean applies(SandboxPolicy policy) {
        try {
            SandboxProperties.REAL
                    .of(Opened.host(), Opened::resolve)
                    .apply(policy)
                    .close();
            return !policy.publicOnly();
        } catch (NetnsException e) {
            return false;
        }
    }

    @Property(tries = 6, shrinking = ShrinkingMode.BOUNDED)
    void theSameBecomesOfEachPacket(@ForAll("several") List<SandboxPolicy> policies) {
        assertThat(Backends.check(policies, Opened::host, Backends.Made.SOUND)).isEmpty();
    }

    @Property(tries = 4, shrinking = ShrinkingMode.BOUNDED)
    void whereDestinationsAreTranslated(@ForAll("several") List<SandboxPolicy> policies) {
        assertThat(Backends.check(policies, Opened::translatingNear, Backends.Made.SOUND))
                .isEmpty();
    }

    @Property(tries = 6, shrinking = ShrinkingMode.BOUNDED)
    void beyondTheLimits(@ForAll("limited") SandboxPolicy policy) {
        assertThat(Backends.limits(policy, () -> Opened.host(InstantSource.fixed(Instant.EPOCH)), Backends.Made.SOUND))
                .isEmpty();
    }

    @Test
    void limitsLetThroughExactlySoMuch() {
        assertThat(Limited.check((kernel, names) -> policy -> SandboxProperties.REAL
                        .of(kernel, names)
                        .apply(policy.toBuilder().backend(Backend.NFTABLES).policy())))
                .isEmpty();
    }
}
