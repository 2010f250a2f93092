package dev.openshell.netns.linux.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rules that are the first of a namespace, and those that come in their place. */
@Tag("real-kernel")
@Tag("kernel-only")
class FreshFilterIT {
    private static final String RULES =
            """
            *filter
            :INPUT DROP [0:0]
            :FORWARD DROP [0:0]
            :OUTPUT ACCEPT [0:0]
            -A INPUT -i lo -j ACCEPT
            -A INPUT -j DROP
            COMMIT
            """;

    private final JnaKernel kernel = new JnaKernel();
    private final Deadline deadline = Deadline.in(Duration.ofSeconds(30));
    private int namespace;

    @BeforeEach
    void create() {
        namespace = kernel.createNamespace();
    }

    @AfterEach
    void close() {
        kernel.close(namespace);
    }

    private void load(Family family, String text) {
        kernel.restore(namespace, family, IptablesVariant.NFT, text, false, deadline);
    }

    private List<String> rules(Family family) {
        return kernel.save(namespace, family, IptablesVariant.NFT, deadline)
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.replaceAll("\\[\\d+:\\d+]", "[0:0]"))
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void policiesAndRulesAreThoseOfTheText(Family family) {
        load(family, RULES);
        assertThat(rules(family)).containsExactlyElementsOf(RULES.lines().toList());
    }

    @Test
    void anotherTextComesInThePlaceOfTheFirst() {
        load(Family.IPV4, RULES);
        String other = RULES.replace("FORWARD DROP", "FORWARD ACCEPT").replace("-A INPUT -i lo -j ACCEPT\n", "");
        load(Family.IPV4, other);
        assertThat(rules(Family.IPV4)).containsExactlyElementsOf(other.lines().toList());
    }

    @Test
    void bothFamiliesAreLoadedAndReadSideBySide() {
        kernel.restore(
                namespace,
                Map.of(Family.IPV4, RULES, Family.IPV6, RULES.replace("OUTPUT ACCEPT", "OUTPUT DROP")),
                IptablesVariant.NFT,
                false,
                deadline);
        Map<Family, String> saved = kernel.save(namespace, List.of(Family.values()), IptablesVariant.NFT, deadline);
        assertThat(saved.get(Family.IPV4)).contains(":OUTPUT ACCEPT").contains("-A INPUT -j DROP");
        assertThat(saved.get(Family.IPV6)).contains(":OUTPUT DROP").contains("-A INPUT -j DROP");
    }

    @Test
    void whatIsRefusedIsNoConflictAndLeavesAllDropped() {
        assertThatThrownBy(() -> load(Family.IPV4, RULES.replace("-i lo -j ACCEPT", "-j NOWHERE")))
                .isInstanceOfSatisfying(
                        KernelException.class, e -> assertThat(e.errno()).isZero());
        assertThat(rules(Family.IPV4)).contains(":INPUT DROP [0:0]", ":FORWARD DROP [0:0]");
    }
}
