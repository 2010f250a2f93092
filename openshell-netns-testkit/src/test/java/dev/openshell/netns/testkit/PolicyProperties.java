package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.DirectHost;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class PolicyProperties {
    @Provide
    Arbitrary<SandboxPolicy> policies() {
        return PolicyArbitraries.policies();
    }

    @Provide
    Arbitrary<List<UnaryOperator<NetnsSandbox.Builder>>> calls() {
        return PolicyArbitraries.calls().list().ofMaxSize(12);
    }

    private static SandboxPolicy policy(List<UnaryOperator<NetnsSandbox.Builder>> calls) {
        NetnsSandbox.Builder builder = NetnsSandbox.builder();
        calls.forEach(call -> call.apply(builder));
        return builder.policy();
    }

    @Property
    void orderNeverMatters(@ForAll("calls") List<UnaryOperator<NetnsSandbox.Builder>> calls, @ForAll Random random) {
        List<UnaryOperator<NetnsSandbox.Builder>> shuffled = new ArrayList<>(calls);
        Collections.shuffle(shuffled, random);
        SandboxPolicy one = policy(calls);
        SandboxPolicy other = policy(shuffled);
        assertThat(other).isEqualTo(one).hasSameHashCodeAs(one);
        assertThat(other.directHosts())
                .extracting(DirectHost::origin)
                .isEqualTo(one.directHosts().stream().map(DirectHost::origin).toList());
    }

    @Property
    void aPolicyIsWhatItsBuilderBuilds(@ForAll("policies") SandboxPolicy policy) {
        assertThat(policy.toBuilder().policy()).isEqualTo(policy);
    }

    @Property
    void eachPortOfAHostIsParsedBackFromItsText(@ForAll("policies") SandboxPolicy policy) {
        for (DirectHost host : policy.directHosts()) {
            for (int port : host.ports()) {
                DirectHost single = DirectHost.of(host.host(), port);
                assertThat(DirectHost.parse(single.toString())).isEqualTo(single);
            }
        }
    }
}
