package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Backend;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {
    private final ScriptedEngine engine = new ScriptedEngine();

    @TempDir
    private Path directory;

    @Test
    void printsThePlanItself() {
        assertThat(Run.of(engine, "plan"))
                .isEqualTo(new Run(
                        0,
                        """
                # link osh-example - eth0
                # host 10.200.0.1 sandbox 10.200.0.2 network 10.200.0.0/30
                # host fd00:1::1 sandbox fd00:1::2 network fd00:1::/126
                # namespace=sandbox family=ipv4
                *filter
                :INPUT DROP [0:0]
                COMMIT
                """,
                        ""));
    }

    @Test
    void saysWhichBackendItIsFor() {
        String plain = Run.of(engine, "plan --backend iptables").out();
        assertThat(plain).isEqualTo(Run.of(engine, "plan").out()).startsWith("# link");
        Run run = Run.of(engine, "plan --backend nftables");
        assertThat(run.status()).isZero();
        assertThat(run.out())
                .isEqualTo("# backend=nftables: tables openshell-raw, openshell-nat and openshell-filter\n" + plain);
        assertThat(engine.policies)
                .extracting(policy -> policy.backend())
                .containsExactly(Backend.IPTABLES, Backend.IPTABLES, Backend.NFTABLES);
    }

    @Test
    void printsStepsWithNumbers() {
        assertThat(Run.of(engine, "plan --steps --dns 10.43.0.10"))
                .isEqualTo(new Run(0, "1. make the link osh-example\n2. bring up lo\n", ""));
        assertThat(engine.policies.get(0).dnsServers()).hasSize(1);
    }

    @Test
    void asJson() {
        assertThat(Run.of(engine, "plan --json"))
                .isEqualTo(new Run(
                        0,
                        "{\"link\":{\"hostInterface\":\"osh-example\",\"sandboxInterface\":\"eth0\",\"networks\":["
                                + "{\"family\":\"ipv4\",\"network\":\"10.200.0.0/30\",\"host\":\"10.200.0.1\","
                                + "\"sandbox\":\"10.200.0.2\"},"
                                + "{\"family\":\"ipv6\",\"network\":\"fd00:1::/126\",\"host\":\"fd00:1::1\","
                                + "\"sandbox\":\"fd00:1::2\"}]},"
                                + "\"steps\":[{\"name\":\"make the link\",\"object\":\"osh-example\"},"
                                + "{\"name\":\"bring up lo\",\"object\":\"\"}],"
                                + "\"inputs\":[{\"namespace\":\"sandbox\",\"family\":\"ipv4\","
                                + "\"text\":\"*filter\\n:INPUT DROP [0:0]\\nCOMMIT\\n\"}]}\n",
                        ""));
    }

    @Test
    void drawsToAFileOrToStdout() throws Exception {
        Path file = Files.writeString(directory.resolve("policy.svg"), "something much longer than the picture");
        assertThat(Run.of(engine, "plan --svg " + file)).isEqualTo(new Run(0, "", ""));
        assertThat(file).hasContent("<svg>é</svg>\n");
        assertThat(Run.of(engine, "plan --svg -")).isEqualTo(new Run(0, "<svg>é</svg>\n", ""));
    }

    @Test
    void aFileThatCannotBeWrittenIsNamed() {
        Path file = directory.resolve("nosuch/policy.svg");
        Run run = Run.of(engine, "plan --svg " + file);
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("openshell-netns: --svg: can't write '" + file + "': no such file");
        Run to = Run.of(engine, "plan --svg " + directory);
        assertThat(to.status()).isEqualTo(2);
        assertThat(to.err()).startsWith("openshell-netns: --svg: can't write '" + directory + "': Is a directory");
    }
}
