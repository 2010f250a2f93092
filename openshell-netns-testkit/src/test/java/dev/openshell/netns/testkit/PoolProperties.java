package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.MadeReady;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/** What holds for any policy that is put in force in a namespace which was ready before. */
class PoolProperties {
    static final Opened.Providers READY = MadeReady::new;

    @Provide
    Arbitrary<SandboxPolicy> policies() {
        return PolicyArbitraries.policies().filter(PoolProperties::applies);
    }

    @Provide
    Arbitrary<List<SandboxPolicy>> several() {
        return PolicyArbitraries.policies()
                .filter(PoolProperties::applies)
                .list()
                .ofMinSize(2)
                .ofMaxSize(3);
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

    @Property(tries = 50, shrinking = ShrinkingMode.BOUNDED)
    void denyByDefault(@ForAll("policies") SandboxPolicy policy) {
        try (Opened opened = Opened.of(Opened.host(), policy, READY)) {
            assertThat(Denial.check(opened)).isEmpty();
        }
    }

    @Property(tries = 8, shrinking = ShrinkingMode.BOUNDED)
    void noPrefixAcceptsMore(@ForAll("policies") SandboxPolicy policy) {
        assertThat(Prefixes.check(policy, READY)).isEmpty();
    }

    @Property(tries = 8, shrinking = ShrinkingMode.BOUNDED)
    void nothingIsLeft(@ForAll("policies") SandboxPolicy policy) {
        assertThat(Leftovers.check(policy, READY)).isEmpty();
        assertThat(Leftovers.check(policy, READY, Opened::older)).isEmpty();
    }

    @Property(tries = 5, shrinking = ShrinkingMode.BOUNDED)
    void closingFails(@ForAll("policies") SandboxPolicy policy) {
        assertThat(CloseFaults.check(policy, READY, Opened::host)).isEmpty();
    }

    @Property(tries = 15, shrinking = ShrinkingMode.BOUNDED)
    void sandboxesAreApart(@ForAll("several") List<SandboxPolicy> policies) {
        assertThat(Isolation.check(policies, READY)).isEmpty();
    }

    @Property(tries = 5, shrinking = ShrinkingMode.BOUNDED)
    void noIpv6WithoutAPolicyOfIt(@ForAll("policies") SandboxPolicy policy) {
        assertThat(Ipv6Inside.check(policy, READY, Opened.host())).isEmpty();
        assertThat(Ipv6Inside.check(policy, READY, Opened.router())).isEmpty();
    }
}
