package dev.openshell.netns.testkit.ctnetlink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.testkit.conntrack.Conntrack;
import dev.openshell.netns.testkit.conntrack.Settings;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link NetfilterResponder}: any bytes get errno answers, or are what the fake says that it does not know. */
public final class NetfilterFuzzTest {
    private static final Settings SETTINGS = new Settings() {
        @Override
        public boolean tcpLoose() {
            return true;
        }

        @Override
        public boolean tcpLiberal() {
            return false;
        }
    };

    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(NetfilterFuzzTest.class, NetfilterFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        byte[] answers;
        try {
            answers = NetfilterResponder.answer(new Conntrack(SETTINGS), input);
        } catch (UnsupportedOperationException e) {
            assertThat(e.getMessage()).isNotBlank();
            return;
        }
        int length = Message.split(answers).stream()
                .mapToInt(message -> Bytes.align(Message.HEADER + message.payload().length))
                .sum();
        assertThat(length).isEqualTo(answers.length);
    }
}
