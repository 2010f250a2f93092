package dev.openshell.netns.linux.resolve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link HostsFile#parse}: nothing is an error, and no word that is not in the text has an address. */
public final class HostsFileFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(HostsFileFuzzTest.class, HostsFileFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = Input.text(input);
        HostsFile hosts = HostsFile.parse(text);
        for (String word : text.split("\\s+")) {
            assertThat(hosts.addresses(word)).doesNotHaveDuplicates();
        }
        assertThat(hosts.addresses("")).isEmpty();
        assertThat(hosts.addresses("two words")).isEmpty();
    }
}
