package dev.openshell.netns.linux.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import dev.openshell.netns.linux.ruleset.Ruleset;
import dev.openshell.netns.linux.ruleset.UnknownTokenException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * {@link RestoreText#merge} of what makes the standing deny whole, on a host with any rules, and a guard, as a plan
 * loads them: one text does what the two did.
 */
public final class RestoreTextFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(RestoreTextFuzzTest.class, RestoreTextFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = Input.text(input);
        String standing = HostRules.of(text).standing(true);
        String guard = HostRules.guard("eth0", "forwarding-0");
        Ruleset apart = new Ruleset(Family.IPV4);
        Ruleset merged = new Ruleset(Family.IPV4);
        try {
            apart.load(text, false);
            merged.load(text, false);
            apart.load(standing, true);
            apart.load(guard, true);
        } catch (UnknownTokenException e) {
            return;
        }
        merged.load(RestoreText.merge(standing, guard), true);
        assertThat(merged.same(apart)).isTrue();
    }
}
