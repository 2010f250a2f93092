package dev.openshell.netns.linux.base;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link RestoreLines#of}: every character is in exactly one line, and only a comment holds a line break. */
public final class RestoreLinesFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(RestoreLinesFuzzTest.class, RestoreLinesFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = Input.text(input);
        List<String> lines = RestoreLines.of(text);
        String joined = String.join("\n", lines);
        if (!text.isEmpty()) {
            assertThat(text.endsWith("\n") && !joined.equals(text) ? joined + "\n" : joined)
                    .isEqualTo(text);
        }
        for (String line : lines) {
            if (line.matches("(?s)[#*:].*") || !line.contains(" -m comment --comment \"")) {
                assertThat(line).doesNotContain("\n");
            }
        }
        assertThat(RestoreLines.of(text + "\n").size()).isGreaterThanOrEqualTo(lines.size());
    }
}
