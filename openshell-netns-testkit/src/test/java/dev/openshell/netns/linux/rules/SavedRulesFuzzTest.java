package dev.openshell.netns.linux.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import dev.openshell.netns.linux.base.RestoreLines;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link SavedRules#parse}: nothing is an error, and every rule is kept as it was printed. */
public final class SavedRulesFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(SavedRulesFuzzTest.class, SavedRulesFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = Input.text(input);
        SavedRules saved = SavedRules.parse(text);
        List<String> kept = new ArrayList<>();
        for (String table : saved.tables()) {
            for (String chain : saved.chains(table)) {
                assertThat(saved.hasChain(table, chain)).isTrue();
                kept.addAll(saved.rules(table, chain));
            }
        }
        for (String rule : kept) {
            assertThat(SavedRules.target(rule)).doesNotContain(" ");
            assertThat(SavedRules.incoming(rule)).doesNotContain(" ");
            SavedRules.comment(rule);
        }
        List<String> lines = RestoreLines.of(text);
        int first = 0;
        while (first < lines.size() && !lines.get(first).startsWith("*")) {
            first++;
        }
        assertThat(kept)
                .containsExactlyInAnyOrderElementsOf(lines.subList(first, lines.size()).stream()
                        .filter(line -> line.startsWith("-A "))
                        .toList());
        assertThat(saved.hasRules()).isEqualTo(!kept.isEmpty());
    }
}
