package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Backend;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.Preflight.Check;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
    private static final Check OK = Check.ok("seccomp", "mode 0: no filter");
    private static final Check WARNING = Check.warning("rp-filter", "all=1\u001b[2J", "sysctl -w a.b=2");
    private static final Check FAILURE = Check.failure("veth", "EPERM \"no\"", "modprobe veth");

    private final ScriptedEngine engine = new ScriptedEngine();

    @Test
    void nothingFailed() {
        engine.preflight = new Preflight(List.of(OK, WARNING));
        assertThat(Run.of(engine, "doctor"))
                .isEqualTo(new Run(
                        0,
                        """
                ok seccomp: mode 0: no filter
                warning rp-filter: all=1\\u001b[2J
                    sysctl -w a.b=2
                """,
                        ""));
        engine.preflight = new Preflight(List.of(OK));
        assertThat(Run.of(engine, "doctor").status()).isZero();
    }

    @Test
    void somethingFailed() {
        engine.preflight = new Preflight(List.of(FAILURE, OK));
        assertThat(Run.of(engine, "doctor"))
                .isEqualTo(new Run(
                        1,
                        """
                failure veth: EPERM "no"
                    modprobe veth
                ok seccomp: mode 0: no filter
                """,
                        ""));
    }

    @Test
    void asJson() {
        engine.preflight = new Preflight(List.of(OK, FAILURE));
        assertThat(Run.of(engine, "doctor --json"))
                .isEqualTo(new Run(
                        1,
                        "{\"result\":\"failure\",\"checks\":[{\"name\":\"seccomp\",\"status\":\"ok\","
                                + "\"evidence\":\"mode 0: no filter\"},{\"name\":\"veth\",\"status\":\"failure\","
                                + "\"evidence\":\"EPERM \\\"no\\\"\",\"remedy\":\"modprobe veth\"}]}\n",
                        ""));
        engine.preflight = new Preflight(List.of(WARNING));
        assertThat(Run.of(engine, "doctor --json").out()).startsWith("{\"result\":\"warning\",");
    }

    @Test
    void theBackendIsAskedFor() {
        assertThat(Run.of(engine, "doctor --backend nftables").status()).isZero();
        assertThat(Run.of(engine, "doctor --backend iptables").status()).isZero();
        assertThat(engine.policies)
                .extracting(policy -> policy.backend())
                .containsExactly(Backend.NFTABLES, Backend.IPTABLES);
    }

    @Test
    void theVariantIsAskedFor() {
        for (String word : List.of("auto", "nft", "legacy")) {
            assertThat(Run.of(engine, "doctor --iptables " + word).status()).isZero();
        }
        assertThat(Run.of(engine, "doctor").status()).isZero();
        assertThat(engine.policies)
                .extracting(policy -> policy.iptables())
                .containsExactly(
                        IptablesVariant.AUTO, IptablesVariant.NFT, IptablesVariant.LEGACY, IptablesVariant.AUTO);
    }
}
