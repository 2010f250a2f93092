package dev.openshell.netns.testkit.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import java.io.IOException;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The interpreter takes and refuses what Linux does, and saves the same. */
@Tag("real-kernel")
@Tag("differential")
class RestoreDifferentialIT {
    /** Raise it, or change the seed, to look for more. */
    private static final int CASES = Integer.getInteger("differential.cases", 30);

    private static final int SEED = Integer.getInteger("differential.seed", 1);
    private static final int MANY = 1000;
    private static final int LOADS_PER_NAMESPACE = 6;

    static Stream<Arguments> tools() {
        return Stream.of(Family.values()).flatMap(family -> Stream.of(IptablesVariant.NFT, IptablesVariant.LEGACY)
                .map(variant -> Arguments.of(family, variant)));
    }

    @ParameterizedTest
    @MethodSource("tools")
    void validTexts(Family family, IptablesVariant variant) throws IOException {
        Random random = new Random(SEED);
        RuleTexts texts = new RuleTexts(random, family);
        try (Differential differential = new Differential(family, variant)) {
            for (int i = 0; i < CASES; i++) {
                if (i % LOADS_PER_NAMESPACE == 0) {
                    differential.fresh();
                }
                if (differential.load(texts.text(), random.nextInt(3) == 0)) {
                    String saved = differential.fakeSaves();
                    Ruleset again = new Ruleset(family, variant);
                    again.restore(saved, false);
                    assertThat(tables(again.save())).isEqualTo(tables(saved));
                }
            }
            check(differential, CASES / 5);
        }
    }

    /** Returns the tables in no order: the legacy tool prints the one that was made last first. */
    private static Set<String> tables(String saved) {
        return Set.of(Differential.plain(saved).split("(?<=COMMIT\n)"));
    }

    @ParameterizedTest
    @MethodSource("tools")
    void spoiltTexts(Family family, IptablesVariant variant) throws IOException {
        Random random = new Random(SEED);
        RuleTexts texts = new RuleTexts(random, family);
        Mutations mutations = new Mutations(random);
        try (Differential differential = new Differential(family, variant)) {
            for (int i = 0; i < CASES; i++) {
                if (i % LOADS_PER_NAMESPACE == 0) {
                    differential.fresh();
                }
                differential.load(mutations.of(texts.text()), random.nextInt(3) == 0);
            }
            check(differential, CASES / 10);
        }
    }

    @ParameterizedTest
    @MethodSource("tools")
    void malformedTexts(Family family, IptablesVariant variant) throws IOException {
        int kept = 0;
        try (Differential differential = new Differential(family, variant)) {
            for (String text : MalformedTexts.all(family)) {
                // Most of them are the same to both families.
                kept++;
                if (family == Family.IPV6 && kept % 4 != SEED % 4 && CASES < MANY) {
                    continue;
                }
                differential.load(text, false);
                // Now and then on top of what is there.
                if (kept % 20 == 1) {
                    differential.load(text, true);
                    differential.fresh();
                }
            }
            check(differential, kept / 10);
        }
    }

    @ParameterizedTest
    @MethodSource("tools")
    void textsThatEndEarly(Family family, IptablesVariant variant) throws IOException {
        String typical = MalformedTexts.typical(family);
        try (Differential differential = new Differential(family, variant)) {
            for (int length = 0; length < typical.length(); length++) {
                differential.load(typical.substring(0, length), false);
            }
            check(differential, 0);
        }
    }

    private static void check(Differential differential, int mostUnknown) {
        assertThat(differential.disagreements()).as(differential.toString()).isEmpty();
        assertThat(differential.unknowns()).as(differential.toString()).hasSizeLessThanOrEqualTo(mostUnknown);
    }
}
