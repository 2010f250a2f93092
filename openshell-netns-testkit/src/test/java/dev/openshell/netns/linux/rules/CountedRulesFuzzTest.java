package dev.openshell.netns.linux.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link CountedRules}: nothing is an error, and text without counters stays as it is. */
public final class CountedRulesFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(CountedRulesFuzzTest.class, CountedRulesFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        CountedRules rules = new CountedRules(Input.text(input));
        HostRules.of(rules.text())
                .links()
                .forEach(link -> assertThat(rules.limited(link).values()).allMatch(packets -> packets >= 0));
        if (!rules.text().contains("[")) {
            assertThat(new CountedRules(rules.text()).text()).isEqualTo(rules.text());
        }
    }
}
