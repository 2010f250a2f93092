package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link RulesetTracer}: rules, behind {@code ---} ipsets, and packets through what could be read. */
public final class TracerFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(TracerFuzzTest.class, TracerFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        List<String> texts = Input.two(input);
        trace(
                Family.IPV4,
                texts,
                Packet.tcp("10.200.0.2", 40000, "203.0.113.10", 443),
                Packet.icmp("10.200.0.2", "203.0.113.10"));
        trace(
                Family.IPV6,
                texts,
                Packet.udp("2001:db8::2", 40000, "2001:db8::10", 53),
                Packet.of(47, "2001:db8::2", "2001:db8::10"));
    }

    private static void trace(Family family, List<String> texts, Packet... packets) {
        try {
            RulesetTracer tracer = RulesetTracer.parse(family, texts.get(0)).withClock(() -> Instant.EPOCH);
            if (!texts.get(1).isEmpty()) {
                tracer = tracer.withSets(texts.get(1));
            }
            for (Packet packet : packets) {
                for (Trace trace : List.of(
                        tracer.prerouting(packet),
                        tracer.input(packet),
                        tracer.forward(packet),
                        tracer.output(packet),
                        tracer.postrouting(packet))) {
                    assertThat(trace.toString()).isNotEmpty();
                }
            }
        } catch (UnsupportedRuleException e) {
            Input.refusal(e, UnsupportedRuleException.class);
        }
    }
}
