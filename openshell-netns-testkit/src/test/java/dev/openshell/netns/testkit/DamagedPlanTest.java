package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.linux.ProviderOf;
import dev.openshell.netns.linux.plan.Damaged;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A plan that does not do what its policy says is never begun. */
class DamagedPlanTest {
    @Test
    void aPlanThatIsWrongIsNeverBegun() {
        FakeKernel world = Opened.host();
        List<String> before = world.state();
        world.script();
        NetnsSandbox.Builder builder = NetnsSandbox.builder(ProviderOf.planner(
                world, Opened::resolve, new Damaged(text -> text.replace("203.0.113.10/32", "203.0.113.0/24"))));
        builder.proxy(3128).directTcp("203.0.113.10");
        assertThatThrownBy(builder::apply).isInstanceOfSatisfying(VerificationException.class, e -> {
            assertThat(e.object()).isEqualTo("sandbox ipv4 filter OUTPUT");
            assertThat(e.counterexample().orElseThrow()).hasToString("tcp:203.0.113.0:443 admitted");
            assertThat(e.counterexample().orElseThrow().rule()).startsWith("-A OUTPUT -d 203.0.113.0/24 -o eth0");
            assertThat(e.remedy()).contains("nothing was loaded");
        });
        assertThat(world.state()).isEqualTo(before);
        assertThat(world.calls())
                .contains(KernelCall.SAVE)
                .doesNotContain(KernelCall.RESTORE, KernelCall.CREATE_NAMESPACE, KernelCall.WRITE_SYSCTL);
        assertThatThrownBy(builder.inspect()::verify).isInstanceOf(VerificationException.class);
    }

    @Test
    void aPlanWithAWordThatNobodyKnowsIsNeverBegun() {
        FakeKernel world = Opened.host();
        List<String> before = world.state();
        NetnsSandbox.Builder builder = NetnsSandbox.builder(ProviderOf.planner(
                world,
                Opened::resolve,
                new Damaged(text -> text.replace("-A OUTPUT -o lo", "-A OUTPUT -m mark --mark 0x1 -o lo"))));
        assertThatThrownBy(builder::apply)
                .isInstanceOfSatisfying(VerificationException.class, e -> {
                    assertThat(e.unknown()).contains("mark");
                    assertThat(e.counterexample()).isEmpty();
                })
                .hasMessageContaining("-A OUTPUT -m mark --mark 0x1 -o lo");
        assertThat(world.state()).isEqualTo(before);
    }
}
