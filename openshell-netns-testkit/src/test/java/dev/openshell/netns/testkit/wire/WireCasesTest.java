package dev.openshell.netns.testkit.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.path.Journey;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WireCasesTest {
    static List<WireCases> cases() {
        return WireCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theTracerGetsItRight(WireCases known) {
        FakeWires wires = new FakeWires(IptablesVariant.NFT, false, known.family(), known.rules());
        List<Journey> journeys = known.packets().stream().map(wires::journey).toList();
        assertThat(WireCases.texts(FakeWires.sights(journeys.get(journeys.size() - 1))))
                .isEqualTo(known.expected());
    }
}
