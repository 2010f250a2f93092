package dev.openshell.netns.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsSandbox;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link NetnsSandbox.Builder#name} and {@link NetnsSandbox.Builder#linkPool}: a name is a file's, and leads nowhere. */
public final class NameFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(NameFuzzTest.class, NameFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = Input.text(input);
        if (isTaken(builder -> builder.name(text))) {
            assertThat(text).matches("[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}").doesNotContain("/", "\n");
        }
        isTaken(builder -> builder.linkPool(text));
    }

    private static boolean isTaken(UnaryOperator<NetnsSandbox.Builder> call) {
        try {
            call.apply(NetnsSandbox.builder()).policy();
            return true;
        } catch (IllegalArgumentException e) {
            Input.refusal(e, IllegalArgumentException.class);
            return false;
        }
    }
}
