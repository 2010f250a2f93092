package dev.openshell.netns.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Cidr;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link Cidr#parse}: what is read is written so that it reads the same. */
public final class CidrFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(CidrFuzzTest.class, CidrFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        Cidr cidr;
        try {
            cidr = Cidr.parse(Input.text(input));
        } catch (IllegalArgumentException e) {
            Input.refusal(e, IllegalArgumentException.class);
            return;
        }
        assertThat(Cidr.parse(cidr.toString())).isEqualTo(cidr);
        assertThat(cidr.contains(cidr.address())).isTrue();
        assertThat(cidr.at(0)).isEqualTo(cidr.address());
        assertThat(cidr.covers(cidr) && cidr.overlaps(cidr)).isTrue();
    }
}
