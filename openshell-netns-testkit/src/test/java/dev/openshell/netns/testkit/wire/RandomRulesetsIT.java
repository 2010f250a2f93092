package dev.openshell.netns.testkit.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.packet.Header;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random rules load in both variants, and what is seen is the same whenever it is tried. */
@Tag("real-kernel")
class RandomRulesetsIT {
    @ParameterizedTest
    @EnumSource(Family.class)
    void bothVariantsDoTheSameWithRandomRules(Family family) {
        Random random = new Random(family.bits());
        try (Outside outside = Outside.open()) {
            for (int i = 0; i < 15; i++) {
                RandomRulesets.Generated generated = RandomRulesets.next(random, family);
                List<List<String>> seen = new ArrayList<>();
                for (IptablesVariant variant : List.of(IptablesVariant.NFT, IptablesVariant.LEGACY)) {
                    try (RealWorld world = RealWorld.open(outside, variant, false)) {
                        world.load(family, generated.rules());
                        seen.add(world.send(generated.packets()).stream()
                                .map(RandomRulesetsIT::withoutPorts)
                                .toList());
                    }
                }
                assertThat(seen.get(0)).as(generated.rules()).isEqualTo(seen.get(1));
            }
        }
    }

    /** NAT takes any port where the one that it wants is taken. */
    private static String withoutPorts(Observation seen) {
        return seen.sights().stream()
                .map(sight ->
                        sight.getClass().getSimpleName() + " " + sight.where() + " " + withoutPorts(sight.header()))
                .toList()
                .toString();
    }

    private static String withoutPorts(Header header) {
        return header.protocol() + " " + header.source() + " " + header.destination() + " " + header.icmpType() + " "
                + header.icmpCode();
    }
}
