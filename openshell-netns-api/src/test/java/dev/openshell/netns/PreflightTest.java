package dev.openshell.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Preflight.Check;
import dev.openshell.netns.Preflight.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PreflightTest {
    private static final Check OK = Check.ok("seccomp", "mode 0");
    private static final Check WARNING = Check.warning("rp-filter", "all=1", "sysctl -w net.ipv4.conf.all.rp_filter=2");
    private static final Check FAILURE = Check.failure("match.hashlimit", "exit\n status 2 ", "modprobe xt_hashlimit");

    @Test
    void printsALineForEachCheckAndOneForItsRemedy() {
        assertThat(new Preflight(List.of(OK, WARNING, FAILURE)))
                .hasToString(
                        """
                        ok seccomp: mode 0
                        warning rp-filter: all=1
                            sysctl -w net.ipv4.conf.all.rp_filter=2
                        failure match.hashlimit: exit status 2
                            modprobe xt_hashlimit
                        """);
    }

    @Test
    void theWorstOfAll() {
        assertThat(new Preflight(List.of()).worst()).isEqualTo(Status.OK);
        assertThat(new Preflight(List.of(OK)).worst()).isEqualTo(Status.OK);
        assertThat(new Preflight(List.of(WARNING, OK)).worst()).isEqualTo(Status.WARNING);
        assertThat(new Preflight(List.of(FAILURE, WARNING)).worst()).isEqualTo(Status.FAILURE);
    }

    @Test
    void isFoundByItsName() {
        Preflight preflight = new Preflight(List.of(OK, WARNING));
        assertThat(preflight.check("rp-filter")).contains(WARNING);
        assertThat(preflight.check("veth")).isEmpty();
    }

    @Test
    void copiesItsChecks() {
        List<Check> checks = new ArrayList<>(List.of(OK));
        Preflight preflight = new Preflight(checks);
        checks.clear();
        assertThat(preflight.checks()).containsExactly(OK);
    }

    @Test
    void whatIsNotWellHasARemedy() {
        for (Status status : List.of(Status.WARNING, Status.FAILURE)) {
            assertThatThrownBy(() -> new Check("veth", status, "EPERM", Optional.empty()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'veth'");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Veth", "a b", "a..b", "-a", "a-", "a\n"})
    void aNameIsAWord(String name) {
        assertThatThrownBy(() -> Check.ok(name, "seen"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + name + "'");
    }

    @Test
    void aProviderThatCantTell() {
        NetnsSandbox.Builder builder = NetnsSandbox.builder(policy -> {
            throw new AssertionError("not asked to apply");
        });
        assertThatThrownBy(builder::preflight)
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("can't check the machine");
    }

    @Test
    void aLeftoverSaysWhoseItIs() {
        assertThat(new Leftover(Leftover.Kind.LINK, "osh-1a2b3c4d", "process 4711"))
                .hasToString("link osh-1a2b3c4d of process 4711");
        assertThat(new Leftover(Leftover.Kind.NAME, "/run/netns/agent", "")).hasToString("name /run/netns/agent");
    }
}
