package dev.openshell.netns.linux.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * {@link HostRules} of whatever stands on the host: what it gives out is restore input that touches this library's
 * chains and the jumps into them, and no rule of others.
 */
public final class HostRulesFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(HostRulesFuzzTest.class, HostRulesFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = Input.text(input);
        HostRules rules = HostRules.of(text);
        SavedRules saved = SavedRules.parse(text);
        assertThat(rules.text()).isEqualTo(text);
        assertThat(rules.any()).isEqualTo(saved.hasRules());
        Set<String> links = rules.links();
        links.forEach(link -> {
            rules.source(link);
            permissions(rules, link);
            OwnRules.check(saved, rules.without(Set.of(link)));
        });
        rules.guards();
        for (Family family : Family.values()) {
            assertThat(rules.dnatTargets(family))
                    .allSatisfy(target -> assertThat(target).doesNotContain(" "));
        }
        OwnRules.check(saved, rules.without(links));
        OwnRules.check(saved, rules.withoutAny());
        OwnRules.check(saved, rules.standing(true));
        OwnRules.check(saved, rules.standing(false));
        OwnRules.leavesOthers(text, rules.withoutAny());
        OwnRules.leavesOthers(text, rules.without(links));
        OwnRules.leavesOthers(text, rules.standing(true));
    }

    private static void permissions(HostRules rules, String link) {
        try {
            rules.permissions(link).forEach(permission -> {
                assertThat(permission.protocol()).isBetween(0, 255);
                assertThat(permission.port()).isBetween(0, 65535);
            });
        } catch (NetnsException e) {
            assertThat(e.step()).isEqualTo("read the rules");
        }
    }
}
