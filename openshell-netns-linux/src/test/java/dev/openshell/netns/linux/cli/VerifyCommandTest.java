package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.VerificationException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
    private final ScriptedEngine engine = new ScriptedEngine();

    @TempDir
    private Path directory;

    private String foreign() throws Exception {
        Path file = Files.writeString(directory.resolve("rules"), "*filter\n");
        return "--rules " + file + " --family ipv6 --chain INPUT";
    }

    @Test
    void equalIsZero() {
        assertThat(Run.of(engine, "verify --proxy 3128"))
                .isEqualTo(new Run(0, "2^121.0 packets in 96 regions, 310 µs\nequal\n", ""));
        assertThat(engine.policies.get(0).proxyPort()).hasValue(3128);
        assertThat(Run.of(engine, "verify --json"))
                .isEqualTo(new Run(
                        0,
                        "{\"result\":\"equal\",\"packets\":\"2658455991569831745807614120560689152\","
                                + "\"regions\":96,\"micros\":310}\n",
                        ""));
    }

    @Test
    void aCounterexampleIsOne() {
        engine.unproved = Samples.DIFFERENT;
        assertThat(Run.of(engine, "verify"))
                .isEqualTo(new Run(
                        1,
                        """
                packet: from 10.200.0.2:1 by osh-example, state NEW
                place: host ipv4 filter FORWARD
                the policy says: DROP
                the rules say: ACCEPT
                by the rule: -A OPENSHELL-FWD -j ACCEPT
                counterexample tcp:203.0.113.11:443 admitted
                """,
                        ""));
        assertThat(Run.of(engine, "verify --json"))
                .isEqualTo(new Run(
                        1,
                        "{\"result\":\"counterexample\",\"flow\":\"tcp:203.0.113.11:443\",\"verdict\":\"admitted\","
                                + "\"place\":\"host ipv4 filter FORWARD\","
                                + "\"packet\":\"from 10.200.0.2:1 by osh-example, state NEW\","
                                + "\"rule\":\"-A OPENSHELL-FWD -j ACCEPT\",\"expected\":\"DROP\","
                                + "\"found\":\"ACCEPT\"}\n",
                        ""));
    }

    @Test
    void unknownIsThree() {
        engine.unproved = Samples.UNKNOWN;
        Run run = Run.of(engine, "verify");
        assertThat(run.status()).isEqualTo(3);
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .isEqualTo("verify ipv4 filter FORWARD: '--string' in '-A FORWARD --string x' can't be decided"
                        + " (leave it out)\nunknown --string\n");
        Run json = Run.of(engine, "verify --json");
        assertThat(json.status()).isEqualTo(3);
        assertThat(json.out())
                .startsWith("{\"result\":\"unknown\",\"token\":\"--string\",\"place\":\"ipv4 filter FORWARD\","
                        + "\"reason\":\"verify ipv4");
    }

    @Test
    void rulesThatSomebodyChangedAreAnError() {
        engine.unproved = VerificationException.changed("host ipv4", "a rule is gone", "apply again");
        Run run = Run.of(engine, "verify");
        assertThat(run)
                .isEqualTo(new Run(
                        125,
                        "",
                        "openshell-netns: verify host ipv4: a rule is gone (apply again)" + System.lineSeparator()));
    }

    @Test
    void rulesFromElsewhereSayFirstWhatTheyAdmit() throws Exception {
        Run run = Run.of(engine, "verify " + foreign());
        assertThat(run)
                .isEqualTo(new Run(
                        0,
                        """
                INPUT admits:
                  tcp:203.0.113.10:443
                  any:10.43.0.0/24
                not compared, being of the other family: 1 of the policy's destinations
                2^121.0 packets in 96 regions, 310 µs
                equal
                """,
                        ""));
        assertThat(engine.asked)
                .containsExactly(
                        "foreign IPV6 INPUT *filter\n", "verify [udp:[2001:db8::53]:53, tcp:203.0.113.10:443]");
        engine.unproved = Samples.DIFFERENT;
        Run different = Run.of(engine, "verify --json " + foreign());
        assertThat(different.status()).isEqualTo(1);
        assertThat(different.out())
                .startsWith("{\"result\":\"counterexample\"")
                .endsWith(",\"admits\":[\"tcp:203.0.113.10:443\",\"any:10.43.0.0/24\"],\"admittedRegions\":2}\n");
    }

    @Test
    void oneWordNotUnderstoodMakesNoList() throws Exception {
        engine.failure = Samples.UNKNOWN;
        Run run = Run.of(engine, "verify " + foreign());
        assertThat(run.status()).isEqualTo(3);
        assertThat(run.out()).doesNotContain("admits").endsWith("\nunknown --string\n");
    }

    @Test
    void manyRegionsAreCutShort() throws Exception {
        engine.admits = IntStream.range(0, 60)
                .mapToObj(port -> "tcp:203.0.113.10:" + port)
                .toList();
        Run run = Run.of(engine, "verify " + foreign());
        assertThat(run.out().lines()).hasSize(1 + 50 + 1 + 1 + 2).contains("  … 10 more regions");
        engine.admits = List.of();
        assertThat(Run.of(engine, "verify " + foreign()).out()).startsWith("INPUT admits nothing\nnot compared, ");
    }
}
