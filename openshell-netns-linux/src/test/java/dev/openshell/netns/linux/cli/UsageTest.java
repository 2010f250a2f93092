package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each command says of bad options, of failures, and of itself. */
class UsageTest {
    private static final String RULES = " --rules /nosuch/rules --family ipv4 --chain FORWARD";

    private final ScriptedEngine engine = new ScriptedEngine();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | give a command: run, plan, explain, verify, diff, report, doctor, gc, rehearse, demo",
                "nosuch | 'nosuch'",
                "explain | FLOW",
                "explain tcp:203.0.113.10:443 extra | extra",
                "explain tcp:203.0.113.10 | 'tcp:203.0.113.10' is not a flow",
                "explain nosuch:203.0.113.10:443 | 'nosuch'",
                "explain --direct-tcp a.example:abc tcp:203.0.113.10:443 | abc",
                "explain --rules x --family ipv4 tcp:203.0.113.10:443 | give --chain too",
                "explain --rules x --family ipv4 --chain F tcp:a.example:443 | not the name 'a.example'",
                "explain --rules x --family ipv6 --chain F tcp:203.0.113.10:443 | --family: 203.0.113.10",
                "explain --rules x --family ipv4 --chain F --dns 10.43.0.10 tcp:203.0.113.10:443 | leave it out with"
                        + " --rules",
                "verify extra | extra",
                "verify --rules x | give --family and --chain too",
                "verify --family ipv4 | give --rules and --chain too",
                "verify --chain F | give --rules and --family too",
                "verify --rules x --chain F | give --family too",
                "verify --rules x --family 4 --chain F | --family: '4' is not ipv4 or ipv6",
                "verify --rules /nosuch/rules --family ipv4 --chain F | --rules: can't read '/nosuch/rules': no such"
                        + " file",
                "verify --rules / --family ipv4 --chain F | --rules: can't read '/': Is a directory",
                "verify --rules= --family ipv4 --chain F | --rules: the file's name is empty",
                "verify --timeout x | --timeout",
                "report extra | extra",
                "report @/etc/hosts | @/etc/hosts",
                "report --iptables x | --iptables",
                "report --backend nft | --backend: 'nft' is not iptables or nftables",
                "plan --backend | --backend",
                "plan --backend nftables --iptables nft | --iptables: the backend nftables has no variant",
                "run --backend NFTABLES -- true | --backend: 'NFTABLES' is not iptables or nftables",
                "diff --backend x -- | --backend: 'x'",
                "diff -- --backend x | --backend: 'x'",
                "verify --backend x | --backend: 'x'",
                "explain --backend x tcp:203.0.113.10:443 | --backend: 'x'",
                "doctor --backend x | --backend: 'x'",
                "doctor --backend nftables --iptables nft | --iptables: the backend nftables has no variant",
                "doctor extra | extra",
                "doctor --iptables x | --iptables: 'x' is not auto, nft or legacy",
                "doctor --dns 10.43.0.10 | --dns",
                "gc extra | extra",
                "rehearse extra | extra",
                "gc --dry-run=x | --dry-run",
                "plan --json --steps | exclude each other",
                "plan --json --svg - | exclude each other",
                "plan --steps --svg - | exclude each other",
                "plan --svg | --svg"
            })
    void badUsageIsTwo(String words, String said) {
        Run run = Run.of(engine, words);
        assertThat(run.status()).as(run.toString()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("openshell-netns: ").contains(said).doesNotContain("Exception");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plan",
                "plan --json",
                "explain tcp:203.0.113.10:443",
                "explain --json tcp:203.0.113.10:443",
                "verify",
                "verify --json",
                "diff --proxy 1 --",
                "diff --json --",
                "report"
            })
    void aPolicyThatCannotBeInspectedIs125(String words) {
        engine.failure = new NetnsException("resolve", "db.internal", 0, "no address", "list another", null);
        assertThat(Run.of(engine, words))
                .isEqualTo(new Run(
                        125,
                        "",
                        "openshell-netns: resolve db.internal: no address (list another)" + System.lineSeparator()));
    }

    @Test
    void aDefectIsNoAnswer() {
        engine.failure = new IllegalStateException("a defect");
        for (String words :
                List.of("explain tcp:203.0.113.10:443", "verify", "diff --", "plan", "report", "doctor", "gc")) {
            assertThat(Run.of(engine, words).status()).as(words).isEqualTo(125);
        }
        engine.failure = Samples.DIFFERENT;
        assertThat(Run.of(engine, "explain tcp:203.0.113.10:443").status()).isEqualTo(125);
    }

    @ParameterizedTest
    @ValueSource(strings = {"explain", "verify"})
    void aChainThatIsNotThereIsTwo(String command) {
        engine.failure = new IllegalArgumentException("no chain 'NO\u001bSUCH'; there are INPUT, FORWARD");
        String flow = command.equals("explain") ? " tcp:203.0.113.10:443" : "";
        Run run = Run.of(engine, command + RULES.replace("/nosuch/rules", "/dev/null") + flow);
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("no chain 'NO\\u001bSUCH'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"plan", "explain", "verify", "diff", "report"})
    void helpSaysTheExitStatusAndTheOptions(String command) {
        Run run = Run.of(engine, command, "--help");
        assertThat(run.status()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("Usage: openshell-netns " + command, "--json", "--direct-tcp", "OPENSHELL_DNS_SERVER")
                .contains("--backend=iptables|nftables")
                .contains("Exit status: 0");
        assertThat(run.out().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void helpNamesTheCommands() {
        assertThat(Run.of(engine, "--help").out())
                .contains("run", "plan", "explain", "verify", "diff", "report", "doctor", "gc", "rehearse", "demo");
    }

    @ParameterizedTest
    @ValueSource(strings = {"doctor", "gc"})
    void helpOfTheCommandsWithoutAPolicy(String command) {
        Run run = Run.of(engine, command, "--help");
        assertThat(run.status()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("Usage: openshell-netns " + command, "--json", "Exit status: 0")
                .doesNotContain("--direct-tcp");
        assertThat(run.out().lines()).allMatch(line -> line.length() <= 80);
    }
}
