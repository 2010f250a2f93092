package dev.openshell.netns.testkit.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link Ruleset#restore}, the fake's iptables-restore, of each variant: what it saves, it restores to the same. */
public final class RestoreFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(RestoreFuzzTest.class, RestoreFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        List<String> texts = Input.two(input);
        for (Family family : Family.values()) {
            for (IptablesVariant variant : IptablesVariant.values()) {
                Ruleset ruleset = new Ruleset(family, variant);
                try {
                    ruleset.restore(texts.get(0), false);
                    ruleset.restore(texts.get(1), true);
                } catch (RuleProblem e) {
                    assertThat(e.getMessage()).isNotEmpty();
                    assertThat(e.line()).isPositive();
                    continue;
                }
                again(family, variant, ruleset.save());
            }
        }
    }

    private static Ruleset restored(Family family, IptablesVariant variant, String saved) {
        Ruleset ruleset = new Ruleset(family, variant);
        ruleset.restore(saved, false);
        return ruleset;
    }

    private static void again(Family family, IptablesVariant variant, String saved) {
        Ruleset ruleset;
        try {
            ruleset = restored(family, variant, saved);
        } catch (RuleProblem e) {
            // A comment's line break, a quote in an interface's name: Linux too prints what it does not read.
            return;
        }
        if (variant == IptablesVariant.LEGACY) {
            // It prints the table that was asked for last first: the second time they stand as they did.
            ruleset = restored(family, variant, ruleset.save());
        }
        assertThat(ruleset.save()).isEqualTo(saved);
    }
}
