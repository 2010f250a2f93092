package dev.openshell.netns.linux.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class CountedRulesTest {
    private static final String SAVED =
            """
            # Generated
            *filter
            :FORWARD ACCEPT [7:420]
            :osh-a-from - [0:0]
            [1:60] -A FORWARD -m comment --comment "two
            [3:4] -A lines" -j ACCEPT
            [5:300] -A osh-a-from -m conntrack --ctstate NEW -m connlimit --connlimit-above 2 --connlimit-mask 32 --connlimit-daddr -m comment --comment "maxConnections(2)" -j DROP
            [6:360] -A osh-a-local -m conntrack --ctstate NEW -m connlimit --connlimit-above 2 --connlimit-mask 32 --connlimit-daddr -m comment --comment "maxConnections(2)" -j DROP
            [9:540] -A osh-a-from -d 203.0.113.10/32 -j ACCEPT
            COMMIT
            """;

    @Test
    void theTextIsWhatIsPrintedWithoutCounters() {
        CountedRules rules = new CountedRules(SAVED);
        assertThat(rules.text())
                .isEqualTo(SAVED.replaceAll("\\[[1569]:[0-9]+\\] -A", "-A"))
                .contains("[3:4] -A lines\"");
    }

    @Test
    void theDropsOfALinksLimitsAreAddedUp() {
        CountedRules rules = new CountedRules(SAVED);
        assertThat(rules.limited("osh-a")).containsOnly(Map.entry("maxConnections(2)", 11L));
        assertThat(rules.limited("osh-b")).isEmpty();
    }
}
