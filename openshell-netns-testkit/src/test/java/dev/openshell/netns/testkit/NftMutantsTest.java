package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.nft.NftKernel;
import dev.openshell.netns.testkit.nftables.NftMutant;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Wrong messages to nf_tables are told from right ones by what becomes of packets. */
class NftMutantsTest {
    private static final String CONF = "nameserver 10.43.0.10\n";
    private static final SandboxPolicy ONE = NetnsSandbox.builder()
            .name("one")
            .proxy(3128)
            .allowDns("10.43.0.10")
            .directTcp("203.0.113.10")
            .directTcp("db.internal", 5432)
            .policy();
    private static final SandboxPolicy TWO = NetnsSandbox.builder()
            .name("two")
            .proxy(3129)
            .directTcp("203.0.113.20", 8443)
            .directTcp("[2001:db8:2::20]:8443")
            .policy();
    private static final SandboxPolicy LIMITED =
            ONE.toBuilder().maxConnections(3).maxConnectionsPerSecond(1).policy();
    private static final SandboxPolicy FEW =
            ONE.toBuilder().unlimited().maxConnections(3).policy();

    private static final NftMutant SOUND = NftMutant.none();

    private static List<String> findings(NftMutant mutant, boolean all) {
        List<Supplier<List<String>>> checks = List.of(
                () -> Backends.check(List.of(ONE, TWO), Opened::host, made(mutant)),
                () -> Backends.check(List.of(ONE), Opened::translatingNear, made(mutant)),
                () -> limits(LIMITED, mutant),
                () -> limits(FEW, mutant));
        List<String> findings = new ArrayList<>();
        for (Supplier<List<String>> check : checks) {
            if (all || findings.isEmpty()) {
                findings.addAll(check.get());
            }
        }
        return findings;
    }

    private static Backends.Made made(NftMutant mutant) {
        NftMutant fresh = mutant.fresh();
        return new Backends.Made(
                (kernel, names) -> new LinuxProvider(new NftKernel(fresh.over(kernel)), names, CONF), () -> {
                    fresh.load();
                    assertThat(fresh.isChanging()).as("changes a message").isEqualTo(!mutant.equals(SOUND));
                });
    }

    private static List<String> limits(SandboxPolicy policy, NftMutant mutant) {
        return Backends.limits(policy, () -> Opened.host(InstantSource.fixed(Instant.EPOCH)), made(mutant));
    }

    @Test
    void theSoundMessagesAreNotFaulted() {
        assertThat(findings(SOUND, true)).isEmpty();
    }

    @ParameterizedTest
    @FieldSource("dev.openshell.netns.testkit.nftables.NftMutant#ALL")
    void aMutantIsCaught(NftMutant mutant) {
        assertThat(findings(mutant, false)).isNotEmpty();
    }
}
