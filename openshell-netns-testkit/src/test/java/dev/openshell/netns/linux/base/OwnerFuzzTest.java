package dev.openshell.netns.linux.base;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link Owner#parse}: whatever stands on a link or in a rule names an owner or none; what is read is written the same. */
public final class OwnerFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(OwnerFuzzTest.class, OwnerFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        Owner.parse(Input.text(input)).ifPresent(owner -> {
            assertThat(Owner.parse(owner.toString())).contains(owner);
            assertThat(owner.pid()).isNotNegative();
            assertThat(owner.started()).isNotNegative();
        });
    }
}
