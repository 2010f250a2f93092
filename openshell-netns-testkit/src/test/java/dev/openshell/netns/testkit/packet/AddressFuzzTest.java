package dev.openshell.netns.testkit.packet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link Ip#parse} and {@link Prefixed#parse}: what is read is written so that it reads the same. */
public final class AddressFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(AddressFuzzTest.class, AddressFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = Input.text(input);
        for (Family family : Family.values()) {
            Ip.parse(family, text)
                    .ifPresent(ip -> assertThat(Ip.parse(family, ip.toString())).contains(ip));
        }
        Prefixed prefixed;
        try {
            prefixed = Prefixed.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e).isExactlyInstanceOf(IllegalArgumentException.class);
            return;
        }
        assertThat(prefixed.prefix()).isBetween(0, prefixed.ip().family().bits());
        assertThat(prefixed.network()).isNotNull();
    }
}
