package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Counterexample;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.linux.ProviderOf;
import dev.openshell.netns.linux.plan.Mutant;
import dev.openshell.netns.linux.plan.SamePackets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The proof finds every weakened planner that changes what becomes of a packet, and nothing is loaded then. */
class MutantProofTest {
    private static final List<SandboxPolicy> POLICIES = List.of(
            NetnsSandbox.builder()
                    .proxy(3128)
                    .allowDns("10.43.0.10")
                    .directTcp("203.0.113.10")
                    .directTcp("db.internal", 5432)
                    .named()
                    .policy(),
            NetnsSandbox.builder().proxy(3128).directTcp("203.0.113.10").policy());

    private static final String DEAD = "beside a dead sandbox";
    private static final Map<String, Supplier<FakeKernel>> HOSTS = hosts();

    private static Map<String, Supplier<FakeKernel>> hosts() {
        Map<String, Supplier<FakeKernel>> hosts = new LinkedHashMap<>();
        hosts.put("a host", Opened::host);
        hosts.put("a router", Opened::router);
        hosts.put("an older kernel", Opened::older);
        hosts.put("a host that translates", Opened::translating);
        hosts.put("beside another sandbox", MutantProofTest::withNeighbour);
        hosts.put(DEAD, MutantProofTest::withDead);
        return hosts;
    }

    private static FakeKernel withNeighbour() {
        FakeKernel kernel = Opened.host();
        NetnsSandbox neighbour = sound(kernel, POLICIES.get(1));
        assertThat(neighbour.veth().hostInterface()).isNotEmpty();
        return kernel;
    }

    private static FakeKernel withDead() {
        FakeKernel kernel = Opened.host();
        FakeKernel other = kernel.otherProcess();
        sound(other, POLICIES.get(1));
        other.die();
        return kernel;
    }

    private static NetnsSandbox sound(FakeKernel kernel, SandboxPolicy policy) {
        return ProviderOf.planner(kernel, Opened::resolve, Mutant.none(MutantProofTest::thrown))
                .apply(policy);
    }

    private static void thrown(VerificationException found) {
        throw found;
    }

    static List<Mutant> mutants() {
        return Mutant.ALL;
    }

    /**
     * Applies each policy on each host by {@code mutant}, whose plans are proved, and returns what the proof says of
     * those that came out other than they should: an empty text where it passes.
     */
    private static Map<String, String> proofs(Mutant mutant) {
        Map<String, String> proofs = new LinkedHashMap<>();
        for (Map.Entry<String, Supplier<FakeKernel>> host : HOSTS.entrySet()) {
            for (SandboxPolicy policy : POLICIES) {
                FakeKernel kernel = host.getValue().get();
                List<String> before = kernel.state();
                Mutant proving = mutant.proving(MutantProofTest::thrown);
                String found = "";
                try (NetnsSandbox sandbox =
                        ProviderOf.planner(kernel, Opened::resolve, proving).apply(policy)) {
                    assertThat(sandbox.ruleSet().rules()).isNotEmpty();
                } catch (VerificationException e) {
                    found = counterexample(e);
                    // What the dead left is taken away before anything is proved.
                    List<String> untouched =
                            host.getKey().equals(DEAD) ? Opened.host().state() : before;
                    assertThat(kernel.state()).as("after '%s'", found).isEqualTo(untouched);
                }
                if (proving.changed()) {
                    proofs.put(host.getKey() + ", policy " + POLICIES.indexOf(policy), found);
                }
            }
        }
        return proofs;
    }

    /** What is said of a plan: two mutants make of a limit a word that is not known to the proof. */
    private static String counterexample(VerificationException found) {
        if (found.unknown().isPresent()) {
            assertThat(found.unknown()).contains("connlimit");
            return found.getMessage();
        }
        Counterexample example = found.counterexample().orElseThrow(() -> found);
        assertThat(example.expected()).isNotEqualTo(example.found());
        assertThat(example.packet()).isNotEmpty();
        return found.getMessage();
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void isFoundIfItChangesWhatBecomesOfAPacket(Mutant mutant) {
        Map<String, String> proofs = proofs(mutant);
        assertThat(proofs).as("plans that it changes").isNotEmpty();
        if (SamePackets.REASONS.containsKey(mutant.toString())) {
            assertThat(proofs.values()).containsOnly("");
        } else {
            // A neighbour's standing deny may be all that a plan lacks.
            proofs.forEach((where, found) -> assertThat(!found.isEmpty() || where.startsWith("beside "))
                    .as(where)
                    .isTrue());
            assertThat(proofs.values()).anyMatch(found -> !found.isEmpty());
        }
    }

    @Test
    void theSoundPlannerPassesEverywhere() {
        HOSTS.forEach((name, host) -> {
            for (SandboxPolicy policy : POLICIES) {
                sound(host.get(), policy).close();
            }
        });
    }

    @Test
    void noOtherMutantIsExcused() {
        assertThat(SamePackets.REASONS.keySet())
                .isSubsetOf(Mutant.ALL.stream().map(Mutant::toString).toList());
        assertThat(Mutant.ALL.size() - SamePackets.REASONS.size()).isEqualTo(46);
    }
}
