package dev.openshell.netns.linux.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.report.MachineFacts.Logging.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The probe on Linux. */
@Tag("real-kernel")
@Tag("kernel-only")
class MachineFactsIT {
    private static final Path ALL_NAMESPACES = Path.of("/proc/sys/net/netfilter/nf_log_all_netns");

    private final Kernel kernel = new JnaKernel();

    /** Links of this process to namespaces and memory files: what a probe could leave open. */
    private static long descriptors() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(link -> {
                        try {
                            String target = Files.readSymbolicLink(link).toString();
                            return target.startsWith("net:") || target.contains("memfd");
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = IptablesVariant.class,
            names = {"NFT", "LEGACY"})
    void bothTargetsCanBeLoadedAndNothingStays(IptablesVariant variant) throws IOException {
        int host = kernel.createNamespace();
        try {
            long before = descriptors();
            MachineFacts facts = MachineFacts.of(kernel, host, variant, Deadline.in(Duration.ofMinutes(1)));
            assertThat(descriptors()).isEqualTo(before);

            assertThat(facts.variant()).contains(variant);
            assertThat(facts.landlock()).isEqualTo(kernel.landlock());
            assertThat(facts.nflog().state()).as(facts.toString()).isEqualTo(State.AVAILABLE);
            boolean everywhere = Files.exists(ALL_NAMESPACES)
                    && Files.readString(ALL_NAMESPACES).strip().equals("1");
            assertThat(facts.log().state())
                    .as(facts.toString())
                    .isEqualTo(everywhere ? State.AVAILABLE : State.SUPPRESSED);
            for (Family family : Family.values()) {
                String rules = kernel.save(host, family, variant, Deadline.in(Duration.ofMinutes(1)));
                assertThat(rules).as("the host's own rules").doesNotContain("LOG");
            }
        } finally {
            kernel.close(host);
        }
    }

    @Test
    void theHostNamespacesOwnKeyIsTaken() {
        int host = kernel.openNamespace(Optional.empty());
        try {
            MachineFacts facts = MachineFacts.of(kernel, host, IptablesVariant.NFT, Deadline.in(Duration.ofMinutes(1)));
            Optional<String> key = kernel.readSysctl(host, "net/netfilter/nf_log_all_netns");
            String expected = key.map(value -> "is " + value).orElse("can't be seen from here");
            assertThat(facts.log().evidence()).contains(expected);
        } finally {
            kernel.close(host);
        }
    }

    @Test
    void landlockIsKnownWithoutPrivilege() {
        assertThat(MachineFacts.unprivileged(kernel).landlock()).isEqualTo(kernel.landlock());
    }
}
