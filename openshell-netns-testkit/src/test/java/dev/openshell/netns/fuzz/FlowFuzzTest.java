package dev.openshell.netns.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Flow;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link Flow#parse}: what is read is written so that it reads the same. */
public final class FlowFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(FlowFuzzTest.class, FlowFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        Flow flow;
        try {
            flow = Flow.parse(Input.text(input));
        } catch (IllegalArgumentException e) {
            Input.refusal(e, IllegalArgumentException.class);
            return;
        }
        assertThat(Flow.parse(flow.toString())).isEqualTo(flow);
        assertThat(flow.port().isPresent()).isEqualTo(Flow.hasPorts(flow.protocol()));
        assertThat(flow.host()).matches("[0-9a-z_.:-]+");
        flow.literal().ifPresent(address -> assertThat(
                        Flow.of(flow.protocol(), address, flow.port().orElse(0)))
                .isEqualTo(flow));
    }
}
