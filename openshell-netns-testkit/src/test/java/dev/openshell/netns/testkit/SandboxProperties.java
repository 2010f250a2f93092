package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Backend;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.LinuxProvider;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/** What holds for any policy at all. */
class SandboxProperties {
    static final Opened.Providers REAL = (kernel, names) -> new LinuxProvider(kernel, names, "nameserver 10.43.0.10\n");

    @Provide
    Arbitrary<SandboxPolicy> policies() {
        return Combinators.combine(PolicyArbitraries.policies(), Arbitraries.of(Backend.values()))
                .as(SandboxProperties::by)
                .filter(SandboxProperties::applies);
    }

    /** Those of one host have one backend. */
    @Provide
    Arbitrary<List<SandboxPolicy>> several() {
        return Combinators.combine(policies().list().ofMinSize(2).ofMaxSize(4), Arbitraries.of(Backend.values()))
                .as((policies, backend) ->
                        policies.stream().map(policy -> by(policy, backend)).toList());
    }

    private static SandboxPolicy by(SandboxPolicy policy, Backend backend) {
        return policy.toBuilder().backend(backend).policy();
    }

    /** A policy all of whose hosts are refused makes no sandbox: that is tried elsewhere. */
    private static boolean applies(SandboxPolicy policy) {
        try {
            REAL.of(Opened.host(), Opened::resolve).apply(policy).close();
            return !policy.publicOnly();
        } catch (NetnsException e) {
            return false;
        }
    }

    @Property(tries = 150, shrinking = ShrinkingMode.BOUNDED)
    void denyByDefault(@ForAll("policies") SandboxPolicy policy) {
        try (Opened opened = Opened.of(Opened.host(), policy, REAL)) {
            assertThat(Denial.check(opened)).isEmpty();
        }
    }

    @Property(tries = 15, shrinking = ShrinkingMode.BOUNDED)
    void noPrefixAcceptsMore(@ForAll("policies") SandboxPolicy policy) {
        assertThat(Prefixes.check(policy, REAL)).isEmpty();
    }

    @Property(tries = 15, shrinking = ShrinkingMode.BOUNDED)
    void nothingIsLeft(@ForAll("policies") SandboxPolicy policy) {
        assertThat(Leftovers.check(policy, REAL)).isEmpty();
    }

    @Property(tries = 50, shrinking = ShrinkingMode.BOUNDED)
    void sandboxesAreApart(@ForAll("several") List<SandboxPolicy> policies) {
        assertThat(Isolation.check(policies, REAL)).isEmpty();
    }

    @Property(tries = 8, shrinking = ShrinkingMode.BOUNDED)
    void oneGoesAlone(@ForAll("several") List<SandboxPolicy> policies) {
        assertThat(Neighbours.close(policies, REAL, Opened::host)).isEmpty();
        assertThat(Neighbours.close(policies, REAL, Opened::older)).isEmpty();
        assertThat(Neighbours.death(policies.get(0), policies.get(1), REAL)).isEmpty();
    }

    @Property(tries = 8, shrinking = ShrinkingMode.BOUNDED)
    void othersChangeTheHost(@ForAll("several") List<SandboxPolicy> policies) {
        assertThat(Others.rules(policies.get(0), policies.get(1), REAL)).isEmpty();
        assertThat(Others.forwarding(policies.get(0), REAL)).isEmpty();
    }

    @Property(tries = 8, shrinking = ShrinkingMode.BOUNDED)
    void closingFails(@ForAll("policies") SandboxPolicy policy) {
        assertThat(CloseFaults.check(policy, REAL, Opened::host)).isEmpty();
    }

    @Property(tries = 20, shrinking = ShrinkingMode.BOUNDED)
    void noIpv6WithoutAPolicyOfIt(@ForAll("policies") SandboxPolicy policy) {
        assertThat(Ipv6Inside.check(policy, REAL, Opened.host())).isEmpty();
        assertThat(Ipv6Inside.check(policy, REAL, Opened.router())).isEmpty();
    }

    @Property(tries = 15, shrinking = ShrinkingMode.BOUNDED)
    void olderKernels(@ForAll("policies") SandboxPolicy policy) {
        assertThat(Older.check(policy, REAL)).isEmpty();
        assertThat(Leftovers.check(policy, REAL, Opened::older)).isEmpty();
    }

    @Property(tries = 15, shrinking = ShrinkingMode.BOUNDED)
    void destinationsTranslated(@ForAll("policies") SandboxPolicy policy) {
        assertThat(Translated.check(policy, REAL)).isEmpty();
    }
}
