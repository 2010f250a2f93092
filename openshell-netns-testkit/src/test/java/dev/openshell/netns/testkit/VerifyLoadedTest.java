package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.testkit.net.Netns;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Rules that somebody changed after they were loaded. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VerifyLoadedTest {
    private final FakeKernel kernel = Opened.host();
    private final NetnsSandbox sandbox = apply(kernel);

    private static NetnsSandbox apply(FakeKernel kernel) {
        return NetnsSandbox.builder(kernel)
                .proxy(3128)
                .allowDns("10.43.0.10")
                .directTcp("203.0.113.10")
                .directTcp("[2001:db8::10]:443")
                .apply();
    }

    @AfterEach
    void close() {
        sandbox.close();
    }

    private void change(String end, Family family, String text) {
        long inode = sandbox.namespace().inode();
        Netns netns = end.equals("host")
                ? kernel.machine().host()
                : kernel.machine().namespaces().stream()
                        .filter(each -> each.inode() == inode)
                        .findFirst()
                        .orElseThrow();
        kernel.machine().stack(netns).ruleset(family, IptablesVariant.NFT).restore(own(text), true);
    }

    /** Puts the sandbox's own link and address where a text has {@code <link>} and {@code <inside>}. */
    private String own(String text) {
        return text.replace("<link>", sandbox.veth().hostInterface())
                .replace("<inside>", sandbox.veth().sandboxAddress().getHostAddress());
    }

    @ParameterizedTest
    @EnumSource(
            value = IptablesVariant.class,
            names = {"NFT", "LEGACY"})
    void whatIsFreshlyLoadedIsWhatWasSent(IptablesVariant variant) {
        FakeKernel other = FakeKernel.builder().iptables(variant).build();
        try (NetnsSandbox fresh = apply(other)) {
            List<String> before = other.state();
            assertThat(fresh.verifyLoaded().regions()).isPositive();
            assertThat(other.state()).isEqualTo(before);
        }
    }

    @Test
    void othersComeAndGoBesideIt() {
        FakeKernel process = kernel.otherProcess();
        try (NetnsSandbox second = apply(process)) {
            assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
            assertThatCode(second::verifyLoaded).doesNotThrowAnyException();
        }
        assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
        apply(process);
        process.die();
        assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
        try (NetnsSandbox sweeping = apply(kernel)) {
            assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
            assertThatCode(sweeping::verifyLoaded).doesNotThrowAnyException();
        }
    }

    @Test
    void rulesOfOthersThatDecideNothingOfOursDoNoHarm() {
        change("host", Family.IPV4, "*filter\n-A FORWARD -m limit --limit 5/min -j ACCEPT\nCOMMIT\n");
        change("host", Family.IPV4, "*filter\n:DOCKER - [0:0]\n-A DOCKER -d 172.17.0.2/32 -j ACCEPT\nCOMMIT\n");
        change("host", Family.IPV4, "*mangle\n-A OUTPUT -p udp -j MARK --set-mark 1\nCOMMIT\n");
        assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
    }

    /** What is changed, and where that is found out, with the rule that is not there or the one that is. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sandbox | filter | -F OUTPUT | sandbox ipv4 filter OUTPUT | there is 'no rule'",
                "sandbox | filter | -D OUTPUT -o lo -j ACCEPT | sandbox ipv4 filter OUTPUT | sent was '-A OUTPUT -o lo"
                        + " -j ACCEPT'",
                "sandbox | filter | -I OUTPUT 1 -d 198.51.100.9/32 -j ACCEPT | sandbox ipv4 filter OUTPUT | there is"
                        + " '-A OUTPUT -d 198.51.100.9/32 -j ACCEPT'",
                "sandbox | filter | -A OUTPUT -j ACCEPT | sandbox ipv4 filter OUTPUT | sent was 'no rule', there is"
                        + " '-A OUTPUT -j ACCEPT'",
                "sandbox | filter | -D INPUT -j DROP | sandbox ipv4 filter INPUT | sent was '-A INPUT -j DROP', there"
                        + " is 'no rule'",
                "sandbox | nat | -A OUTPUT -p tcp -j REDIRECT --to-ports 80 | sandbox ipv4 nat OUTPUT | sent was 'no"
                        + " rule'",
                "sandbox | mangle | -A OUTPUT -j MARK --set-mark 1 | sandbox ipv4 mangle OUTPUT | sent was 'no rule'",
                "host | filter | -F <link>-from | host ipv4 filter <link>-from | there is 'no rule'",
                "host | filter | -A <link>-from -j ACCEPT | host ipv4 filter <link>-from | sent was 'no rule', there"
                        + " is '-A <link>-from -j ACCEPT'",
                "host | filter | -I <link>-to 1 -j ACCEPT | host ipv4 filter <link>-to | there is '-A <link>-to -j"
                        + " ACCEPT'",
                "host | filter | -F <link>-local | host ipv4 filter <link>-local | there is 'no rule'",
                "host | nat | -F <link>-nat | host ipv4 nat <link>-nat | there is 'no rule'",
                "host | raw | -D OPENSHELL-SOURCE 1 | host ipv4 raw OPENSHELL-SOURCE"
                        + " | sent was '-A OPENSHELL-SOURCE -s <inside>/32 -i <link> -m comment",
                "host | filter | -D OPENSHELL-FROM -s <inside>/32 -i <link> -j <link>-from | host ipv4 filter"
                        + " OPENSHELL-FROM | there is 'no rule'",
                "host | filter | -I FORWARD 1 -i <link> -j ACCEPT | host ipv4 filter FORWARD | there is '-A FORWARD -i"
                        + " <link> -j ACCEPT'",
            })
    void aChangeIsNamed(String end, String table, String line, String place, String difference) {
        change(end, Family.IPV4, "*" + table + "\n" + line + "\nCOMMIT\n");
        assertThatThrownBy(sandbox::verifyLoaded)
                .isInstanceOfSatisfying(VerificationException.class, e -> {
                    assertThat(e.object()).isEqualTo(own(place));
                    assertThat(e.remedy()).isEqualTo("somebody changed them: close the sandbox and apply again");
                    assertThat(e.counterexample()).isEmpty();
                })
                .hasMessageContaining(own(difference));
    }

    /** What is not of this sandbox alone is proved: the packet that gets through now, and by which rule. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "filter | -I FORWARD 1 -j ACCEPT | host ipv4 filter FORWARD | -A FORWARD -j ACCEPT",
                "filter | -F FORWARD | host ipv4 filter FORWARD | :FORWARD ACCEPT",
                "filter | -D OPENSHELL-FORWARD -i osh-+ -j DROP | host ipv4 filter FORWARD | no rule",
                "filter | -D OPENSHELL-FORWARD -i osh-+ -o osh-+ -j DROP | host ipv4 filter FORWARD | -A <link>-from",
                "filter | -F OPENSHELL-INPUT | host ipv4 filter INPUT | ",
                "filter | -I INPUT 1 -i osh-+ -j ACCEPT | host ipv4 filter INPUT | -A INPUT -i osh-+ -j ACCEPT",
                "filter | -F OUTPUT | host ipv4 filter OUTPUT | :OUTPUT ACCEPT",
                "raw | -F PREROUTING | host ipv4 raw PREROUTING | :PREROUTING ACCEPT",
                "filter | -F OPENSHELL-UPLINK | host ipv4 filter FORWARD | ",
            })
    void aChangeOfWhatIsSharedIsProved(String table, String line, String place, String rule) {
        change("host", Family.IPV4, "*" + table + "\n" + line + "\nCOMMIT\n");
        assertThatThrownBy(sandbox::verifyLoaded).isInstanceOfSatisfying(VerificationException.class, e -> {
            assertThat(e.object()).isEqualTo(place);
            assertThat(e.counterexample().orElseThrow().admitted()).isTrue();
            assertThat(e.counterexample().orElseThrow().rule()).startsWith(rule == null ? "" : own(rule));
            assertThat(e.remedy()).startsWith("somebody changed them");
        });
    }

    @Test
    void orderCounts() {
        change("sandbox", Family.IPV4, "*filter\n-D OUTPUT -o lo -j ACCEPT\n-I OUTPUT 2 -o lo -j ACCEPT\nCOMMIT\n");
        assertThatThrownBy(sandbox::verifyLoaded)
                .isInstanceOf(VerificationException.class)
                .hasMessageContaining("sent was '-A OUTPUT -o lo -j ACCEPT'");
    }

    @Test
    void ipv6IsLookedAtAsWell() {
        change("sandbox", Family.IPV6, "*filter\n-I OUTPUT 1 -j ACCEPT\nCOMMIT\n");
        assertThatThrownBy(sandbox::verifyLoaded)
                .isInstanceOfSatisfying(VerificationException.class, e -> assertThat(e.object())
                        .isEqualTo("sandbox ipv6 filter OUTPUT"));
    }

    @Test
    void aPolicyOfAChainCounts() {
        change("sandbox", Family.IPV4, "*filter\n:INPUT ACCEPT [0:0]\n-D INPUT -j DROP\nCOMMIT\n");
        assertThatThrownBy(sandbox::verifyLoaded).isInstanceOf(VerificationException.class);
    }

    @Test
    void rulesThatCantBeReadAreNotRulesThatWereChanged() {
        kernel.script(new Fault.ErrnoAlways(KernelCall.SAVE, Errno.EPERM));
        assertThatThrownBy(sandbox::verifyLoaded)
                .isInstanceOf(NetnsException.class)
                .isNotInstanceOf(VerificationException.class)
                .hasMessageContaining("read the rules back");
        kernel.script();
        assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
    }

    /** Whatever is found, the sandbox lives on and can be closed. */
    @Test
    void lookingChangesNothing() {
        change("host", Family.IPV4, "*filter\n-A <link>-from -j ACCEPT\nCOMMIT\n");
        List<String> before = kernel.state();
        assertThatThrownBy(sandbox::verifyLoaded).isInstanceOf(VerificationException.class);
        assertThat(kernel.state()).isEqualTo(before);
        sandbox.close();
        assertThat(kernel.state()).noneMatch(line -> line.contains("osh-"));
    }
}
