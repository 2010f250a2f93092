package dev.openshell.netns.linux.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link Ruleset#load} and the reading of each rule: what is read and written again is the same. */
public final class RulesetFuzzTest {
    private static final List<String> TABLES = List.of("raw", "mangle", "nat", "filter", "security");

    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(RulesetFuzzTest.class, RulesetFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        List<String> texts = Input.two(input);
        for (Family family : Family.values()) {
            Ruleset ruleset = new Ruleset(family);
            try {
                ruleset.load(texts.get(0), false);
                ruleset.load(texts.get(1), true);
            } catch (UnknownTokenException e) {
                assertThat(e.token().length()).isLessThanOrEqualTo(81);
                continue;
            }
            assertThat(ruleset.copy().same(ruleset)).isTrue();
            String written = written(ruleset);
            Ruleset again = new Ruleset(family);
            again.load(written, false);
            assertThat(written(again)).isEqualTo(written);
            rules(ruleset);
        }
    }

    private static String written(Ruleset ruleset) {
        StringBuilder text = new StringBuilder();
        for (String table : TABLES) {
            if (!ruleset.has(table)) {
                continue;
            }
            text.append('*').append(table).append('\n');
            for (String name : ruleset.chains(table)) {
                String policy = ruleset.chain(table, name).orElseThrow().policy();
                text.append(':').append(name).append(' ').append(policy).append(" [0:0]\n");
            }
            for (String name : ruleset.chains(table)) {
                ruleset.chain(table, name).orElseThrow().lines().forEach(line -> text.append(line)
                        .append('\n'));
            }
            text.append("COMMIT\n");
        }
        return text.toString();
    }

    private static void rules(Ruleset ruleset) {
        for (String table : TABLES) {
            for (String name : ruleset.chains(table)) {
                Chain chain = ruleset.chain(table, name).orElseThrow();
                for (int i = 0; i < chain.lines().size(); i++) {
                    try {
                        assertThat(chain.rule(i).target()).isNotNull();
                    } catch (UnknownTokenException e) {
                        assertThat(e.line()).isNotEmpty();
                    }
                }
            }
        }
    }
}
