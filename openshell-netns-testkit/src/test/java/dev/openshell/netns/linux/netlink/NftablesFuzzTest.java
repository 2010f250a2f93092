package dev.openshell.netns.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link Nftables#baseChains}: messages cut and changed at will are read or refused. */
public final class NftablesFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(NftablesFuzzTest.class, NftablesFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        try {
            assertThat(Nftables.baseChains(List.of(input)).toString()).isNotNull();
        } catch (IllegalArgumentException e) {
            Input.refusal(e, IllegalArgumentException.class);
        }
    }
}
