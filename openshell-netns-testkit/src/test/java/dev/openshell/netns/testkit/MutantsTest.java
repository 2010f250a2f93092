package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.ProviderOf;
import dev.openshell.netns.linux.plan.Mutant;
import dev.openshell.netns.linux.plan.Planner;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The guarantees can fail: each weakened planner is caught by one of them, and the sound one by none. */
class MutantsTest {
    private static final SandboxPolicy POLICY = NetnsSandbox.builder()
            .name("mutant")
            .named()
            .proxy(3128)
            .allowDns("10.43.0.10")
            .directTcp("203.0.113.10")
            .directTcp("db.internal", 5432)
            .policy();

    static List<Mutant> mutants() {
        return Mutant.ALL;
    }

    private interface Check {
        List<String> by(Opened.Providers providers);
    }

    private static final List<Check> CHECKS = List.of(
            providers -> denial(Opened.host(), providers),
            providers -> denial(Opened.router(), providers),
            providers -> Isolation.check(List.of(other("one"), other("two"), POLICY), providers),
            providers -> Leftovers.check(POLICY, providers),
            providers -> Ipv6Inside.check(other("four"), providers, Opened.router()),
            providers -> Older.check(POLICY, providers),
            providers -> Leftovers.check(POLICY, providers, Opened::older),
            providers -> Neighbours.close(List.of(other("one"), POLICY), providers, Opened::host),
            providers -> Neighbours.close(List.of(other("one"), POLICY), providers, Opened::older),
            providers -> Neighbours.death(other("living"), POLICY, providers),
            providers -> Others.rules(other("one"), POLICY, providers),
            providers -> Others.forwarding(POLICY, providers),
            providers -> Translated.check(POLICY, providers),
            providers -> CloseFaults.check(POLICY, providers, Opened::host),
            providers -> CloseFaults.check(POLICY, providers, Opened::older),
            providers -> Prefixes.check(POLICY, providers),
            Limited::check);

    private static List<String> denial(FakeKernel kernel, Opened.Providers providers) {
        try (Opened opened = Opened.of(kernel, POLICY, providers)) {
            return Denial.check(opened);
        }
    }

    /** All findings, or those of the first check that has any. */
    private static List<String> findings(Planner planner, boolean all) {
        Opened.Providers providers = (kernel, names) -> ProviderOf.planner(kernel, names, planner);
        List<String> findings = new ArrayList<>();
        for (Check check : CHECKS) {
            if (all || findings.isEmpty()) {
                findings.addAll(check.by(providers));
            }
        }
        return findings;
    }

    private static SandboxPolicy other(String name) {
        return NetnsSandbox.builder()
                .name(name)
                .proxy(3128)
                .directTcp("203.0.113.10")
                .policy();
    }

    @Test
    void theSoundPlannerIsNotFaulted() {
        assertThat(findings(new Planner(new IptablesCompiler()), true)).isEmpty();
    }

    @Test
    void thereAreEnough() {
        assertThat(Mutant.ALL)
                .hasSizeGreaterThanOrEqualTo(50)
                .extracting(Mutant::toString)
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void aMutantIsCaught(Mutant mutant) {
        List<String> findings = new ArrayList<>();
        try {
            findings.addAll(findings(mutant, false));
        } catch (NetnsException e) {
            throw new AssertionError("mutant makes no sandbox at all, which proves nothing: " + e.getMessage(), e);
        }
        assertThat(mutant.changed()).as("changes a plan").isTrue();
        assertThat(findings).isNotEmpty();
    }
}
