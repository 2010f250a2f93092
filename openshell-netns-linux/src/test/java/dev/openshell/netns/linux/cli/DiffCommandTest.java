package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiffCommandTest {
    private final ScriptedEngine engine = new ScriptedEngine();

    @Test
    void nothingChangesIsZero() {
        assertThat(Run.of(engine, "diff --proxy 1 -- --proxy 1")).isEqualTo(new Run(0, "nothing changes\n", ""));
        assertThat(Run.of(engine, "diff --json --"))
                .isEqualTo(new Run(0, "{\"result\":\"unchanged\",\"opened\":[],\"closed\":[],\"cut\":[]}\n", ""));
    }

    @Test
    void aChangeIsOne() {
        engine.diff = Samples.DIFF;
        assertThat(Run.of(engine, "diff --dns 2001:db8::53 -- --direct-tcp 203.0.113.10"))
                .isEqualTo(new Run(
                        1,
                        """
                        + tcp:203.0.113.10:443 directTcp("203.0.113.10")
                        - udp:[2001:db8::53]:53 allowDns("2001:db8::53")
                        cut tcp:203.0.113.10:443 from port 40000, ESTABLISHED
                        cut udp:[2001:db8::53]:53 from port 40001
                        """,
                        ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"diff --json --", "diff -- --json", "diff --live osh-1 --json"})
    void asJson(String words) {
        engine.diff = Samples.DIFF;
        assertThat(Run.of(engine, words))
                .isEqualTo(new Run(
                        1,
                        "{\"result\":\"changed\",\"opened\":[{\"flow\":\"tcp:203.0.113.10:443\",\"kind\":\"direct\","
                                + "\"origin\":\"directTcp(\\\"203.0.113.10\\\")\"}],"
                                + "\"closed\":[{\"flow\":\"udp:[2001:db8::53]:53\",\"kind\":\"dns\","
                                + "\"origin\":\"allowDns(\\\"2001:db8::53\\\")\"}],"
                                + "\"cut\":[{\"flow\":\"tcp:203.0.113.10:443\",\"kind\":\"direct\","
                                + "\"origin\":\"directTcp(\\\"203.0.113.10\\\")\",\"sourcePort\":40000,"
                                + "\"state\":\"ESTABLISHED\"},"
                                + "{\"flow\":\"udp:[2001:db8::53]:53\",\"kind\":\"dns\","
                                + "\"origin\":\"allowDns(\\\"2001:db8::53\\\")\",\"sourcePort\":40001}]}\n",
                        ""));
    }

    @ParameterizedTest
    @CsvSource({
        "diff --proxy 1 -- --proxy 2, 1, 2",
        "diff --proxy 1 --direct-tcp a.example -- --direct-tcp b.example --proxy 2 --json, 1, 2",
        "diff -- --proxy 2, 0, 2",
        "diff --proxy 1 --, 1, 0"
    })
    void twoPoliciesStandOnTheTwoSides(String words, int before, int after) {
        assertThat(Run.of(engine, words).status()).isZero();
        assertThat(engine.policies.stream().map(policy -> policy.proxyPort().orElse(0)))
                .containsExactly(before, after);
    }

    @Test
    void aLiveSandboxAndAPolicy() {
        engine.diff = Samples.DIFF;
        Run run = Run.of(engine, "diff --live osh-1a2b --proxy 3");
        assertThat(run.status()).isEqualTo(1);
        assertThat(engine.asked).containsExactly("live osh-1a2b");
        assertThat(engine.policies.get(0).proxyPort()).hasValue(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "diff | the other policy behind '--'",
                "diff --proxy 1 | the other policy behind '--'",
                "diff --proxy 1 --proxy 2 | --proxy",
                "diff --live osh-1 -- --proxy 2 | --live takes one policy",
                "diff --live osh-1 -- | --live takes one policy",
                "diff -- --nosuch | behind '--': Unknown option: '--nosuch'",
                "diff extra -- --proxy 1 | behind '--': Unmatched argument",
                "diff -- --proxy 1 extra | behind '--': Unmatched argument",
                "diff -- --live osh-1 | behind '--': Unknown option",
                "diff --proxy 0 -- | port 0",
                "diff -- --proxy abc | 'abc' is not a number"
            })
    void badSidesAreTwo(String words, String said) {
        Run run = Run.of(engine, words);
        assertThat(run.status()).as(run.toString()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("openshell-netns: ").contains(said, "Try 'openshell-netns diff --help'.");
        assertThat(engine.policies).isEmpty();
    }
}
