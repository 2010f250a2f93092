package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Explanation;
import dev.openshell.netns.Flow;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplainCommandTest {
    private final ScriptedEngine engine = new ScriptedEngine();

    @TempDir
    private Path directory;

    @Test
    void anAllowedFlowIsZero() {
        Run run = Run.of(engine, "explain --direct-tcp 203.0.113.10 tcp:203.0.113.10:443");
        assertThat(run)
                .isEqualTo(new Run(
                        0,
                        """
                allowed tcp:203.0.113.10:443
                  203.0.113.10 allowed by directTcp("203.0.113.10")
                    sandbox filter OUTPUT: ACCEPT by -A OUTPUT -d 203.0.113.10/32 -j ACCEPT
                  as an option: --direct-tcp 203.0.113.10
                """,
                        ""));
        assertThat(engine.asked).containsExactly("explain tcp:203.0.113.10:443");
        assertThat(engine.policies.get(0).directHosts()).hasToString("[203.0.113.10:443]");
    }

    @Test
    void aDeniedFlowIsOneAndSaysWhatWouldAllowIt() {
        engine.explanation = Samples.DENIED;
        Run run = Run.of(engine, "explain tcp:db.internal:5432");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .startsWith("denied tcp:db.internal:5432\n  203.0.113.11 denied\n")
                .contains("    host filter FORWARD (not reached): DROP by policy DROP\n")
                .contains("    advice: directTcp(\"db.internal\", 5432)\n")
                .endsWith("\n  as an option: --direct-tcp db.internal:5432\n")
                .containsOnlyOnce("as an option");
    }

    @Test
    void asJson() {
        assertThat(Run.of(engine, "explain --json tcp:203.0.113.10:443"))
                .isEqualTo(new Run(
                        0,
                        "{\"result\":\"allowed\",\"flow\":\"tcp:203.0.113.10:443\",\"ways\":[{"
                                + "\"address\":\"203.0.113.10\",\"allowed\":true,"
                                + "\"origin\":\"directTcp(\\\"203.0.113.10\\\")\","
                                + "\"options\":[\"--direct-tcp 203.0.113.10\"],\"hops\":[{"
                                + "\"namespace\":\"sandbox\",\"hook\":\"filter OUTPUT\",\"verdict\":\"ACCEPT\","
                                + "\"rule\":\"-A OUTPUT -d 203.0.113.10/32 -j ACCEPT\",\"reached\":true}]}]}\n",
                        ""));
        engine.explanation = Samples.DENIED;
        Run denied = Run.of(engine, "explain tcp:db.internal:5432 --json");
        assertThat(denied.status()).isEqualTo(1);
        assertThat(denied.out())
                .startsWith("{\"result\":\"denied\",\"flow\":\"tcp:db.internal:5432\"")
                .contains("\"address\":\"2001:db8::11\",\"allowed\":false,\"advice\":\"directTcp(", "\"reached\":false")
                .doesNotContain("origin");
    }

    @Test
    void rulesFromElsewhere() throws Exception {
        Path file = Files.writeString(directory.resolve("rules"), "*filter\nCOMMIT\n");
        Run run = Run.of(engine, "explain --rules " + file + " --family ipv4 --chain FORWARD tcp:203.0.113.10:443");
        assertThat(run.status()).isZero();
        assertThat(run.out()).startsWith("allowed tcp:203.0.113.10:443\n");
        assertThat(engine.asked)
                .containsExactly("foreign IPV4 FORWARD *filter\nCOMMIT\n", "explain 6 203.0.113.10 OptionalInt[443]");
        assertThat(engine.policies).isEmpty();
    }

    @Test
    void aWordThatIsNotUnderstoodIsThree() throws Exception {
        engine.failure = Samples.UNKNOWN;
        Path file = Files.writeString(directory.resolve("rules"), "");
        String foreign = "--rules " + file + " --family ipv4 --chain FORWARD icmp:203.0.113.10";
        Run run = Run.of(engine, "explain " + foreign);
        assertThat(run.status()).isEqualTo(3);
        assertThat(run.out()).contains("'-A FORWARD --string x'").endsWith("\nunknown --string\n");
        Run json = Run.of(engine, "explain --json " + foreign);
        assertThat(json.status()).isEqualTo(3);
        assertThat(json.out()).startsWith("{\"result\":\"unknown\",\"token\":\"--string\",");
    }

    @Test
    void aRuleForgesNoLine() throws Exception {
        Explanation.Hop hop =
                new Explanation.Hop("", "FORWARD", Explanation.Verdict.DROP, "--comment \"\u001b[2J\u0007\"", true);
        engine.explanation = new Explanation(
                Flow.parse("tcp:203.0.113.10:443"),
                List.of(new Explanation.Way(
                        InetAddress.getByAddress(new byte[] {(byte) 203, 0, 113, 10}),
                        false,
                        List.of(hop),
                        Optional.empty(),
                        "")));
        Run run = Run.of(engine, "explain tcp:203.0.113.10:443");
        assertThat(run.out())
                .contains("DROP by --comment \"\\u001b[2J\\u0007\"\n")
                .doesNotContain("\u001b");
    }
}
