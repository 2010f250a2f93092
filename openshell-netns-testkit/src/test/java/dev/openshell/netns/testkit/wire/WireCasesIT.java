package dev.openshell.netns.testkit.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.IptablesVariant;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Linux does what the cases say. */
@Tag("real-kernel")
class WireCasesIT {
    static List<WireCases> cases() {
        return WireCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void linuxDoesIt(WireCases known) {
        for (IptablesVariant variant : List.of(IptablesVariant.NFT, IptablesVariant.LEGACY)) {
            try (RealWorld world = RealWorld.open(variant, false)) {
                world.load(known.family(), known.rules());
                List<Observation> seen = world.send(known.packets());
                assertThat(WireCases.texts(seen.get(seen.size() - 1).sights()))
                        .as(variant.toString())
                        .isEqualTo(known.expected());
            }
        }
    }
}
