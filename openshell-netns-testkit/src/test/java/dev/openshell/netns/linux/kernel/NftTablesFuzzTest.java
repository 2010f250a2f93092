package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link NftTables}: messages cut and changed at will are read or refused. */
public final class NftTablesFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(NftTablesFuzzTest.class, NftTablesFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        try {
            NftTables.requireAwake(input);
        } catch (KernelException e) {
            Input.refusal(e, KernelException.class);
        }
    }
}
