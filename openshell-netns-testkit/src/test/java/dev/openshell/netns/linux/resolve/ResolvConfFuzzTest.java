package dev.openshell.netns.linux.resolve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.AddressKind;
import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link ResolvConf#parse}: nothing is an error, and every value is within its bounds. */
public final class ResolvConfFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(ResolvConfFuzzTest.class, ResolvConfFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        ResolvConf conf = ResolvConf.parse(Input.text(input));
        assertThat(conf.ndots()).isBetween(0, 15);
        assertThat(conf.attempts()).isBetween(1, 5);
        assertThat(conf.timeout().toSeconds()).isBetween(1L, 30L);
        assertThat(conf.queriedNameservers()).hasSizeBetween(1, 3);
        assertThat(conf.toString()).isNotEmpty();
        conf.search().forEach(domain -> assertThat(domain).isNotEmpty().doesNotContain(" ", "\n"));
        conf.usableNameserver()
                .ifPresentOrElse(
                        server -> assertThat(AddressKind.of(server).listable()).isTrue(),
                        () -> assertThat(conf.whyNoneUsable()).startsWith("resolv.conf has "));
        conf.rotate();
    }
}
