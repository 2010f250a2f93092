package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Limits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LimitOptionsTest {
    private Limits limits(String options) {
        ScriptedEngine engine = new ScriptedEngine();
        assertThat(Run.of(engine, "plan " + options).status()).isZero();
        return engine.policies.get(0).limits();
    }

    @Test
    void areThoseOfTheBuilder() {
        assertThat(limits("")).isEqualTo(Limits.DEFAULT);
        assertThat(limits("--unlimited")).isEqualTo(Limits.NONE);
        assertThat(limits("--max-connections 20").connections()).hasValue(20);
        assertThat(limits("--max-connections 20").connectionsPerSecond()).hasValue(256);
        assertThat(limits("--max-connections-per-second 10").connectionsPerSecond())
                .hasValue(10);
        Limits one = limits("--max-connections 20 --unlimited");
        assertThat(one.connections()).hasValue(20);
        assertThat(one.connectionsPerSecond()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "--max-connections 0, maxConnections 0 is out of range; give 1 to 1000000",
        "--max-connections -5, maxConnections -5 is out of range",
        "--max-connections-per-second 1000001, maxConnectionsPerSecond 1000001 is out of range",
        "--max-connections many, --max-connections: 'many' is not a number",
    })
    void badOnesAreNamed(String options, String message) {
        Run run = Run.of(new ScriptedEngine(), "plan " + options);
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains(message);
    }
}
