package dev.openshell.netns.linux.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostDriftTest {
    private static final String LINK = "osh-abcdefgh";
    private static final RuleSet RULES = RuleSet.of(
            VethPair.builder()
                    .hostInterface(LINK)
                    .network(Cidr.parse("10.200.0.4/30"))
                    .build(),
            List.of(Rule.of(
                    Rule.Kind.DIRECT, Protocol.TCP, InetAddresses.forString("203.0.113.10"), 443, "directTcp(x)")));
    private static final String ALLOWED = new IptablesCompiler().host(RULES, Family.IPV4);
    private static final Map<String, List<String>> GUARDS = Map.of("eth0", List.of("forwarding-0"));

    /** What iptables-save prints of all that is loaded for the sandbox. */
    private static String saved() {
        String inserted = ALLOWED.replace("-I " + Chains.SOURCE + " 1 ", "-A " + Chains.SOURCE + " ");
        String loaded = HostRules.of("").standing(true).replaceAll("-I (\\S+) 1 ", "-A $1 ");
        String merged = RestoreText.merge(loaded, HostRules.guard("eth0", "forwarding-0"));
        String deny = "-A " + Chains.SOURCE + " -j DROP\n";
        return RestoreText.merge(merged.replace(deny, ""), inserted)
                .replaceFirst("(-A " + Chains.SOURCE + " -s .*\n)", "$1" + deny);
    }

    private static String drift(String text) {
        return new HostDrift(text).of(LINK, ALLOWED, GUARDS).orElse("none");
    }

    @Test
    void whatWasLoadedIsWhole() {
        assertThat(drift(saved())).isEqualTo("none");
        assertThat(new HostDrift(saved()).withoutStrangers()).isEmpty();
    }

    @Test
    void anEmptyTableIsNot() {
        assertThat(drift("")).isEqualTo("the standing deny is not whole, or not first");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-A FORWARD -j OPENSHELL-FORWARD | -A FORWARD -j ACCEPT\\n$0 | not first",
                "-A OPENSHELL-INPUT -i osh-[+] -j DROP | | not whole",
                "-A OPENSHELL-FROM .* | $0\\n-A OPENSHELL-FROM -j ACCEPT | '-A OPENSHELL-FROM -j ACCEPT'",
                "-A OPENSHELL-FROM .* | | chain OPENSHELL-FROM",
                "-A OPENSHELL-TO .* | | chain OPENSHELL-TO",
                "-A OPENSHELL-POSTROUTING .* | | chain OPENSHELL-POSTROUTING",
                "-A OPENSHELL-SOURCE -s .* | | chain OPENSHELL-SOURCE",
                "-A OPENSHELL-SOURCE -s .* | $0\\n-A OPENSHELL-SOURCE -j RETURN | '-A OPENSHELL-SOURCE -j RETURN'",
                "-A OPENSHELL-UPLINK .* | | guard of eth0",
                "-A osh-abcdefgh-from .* ACCEPT | | chain osh-abcdefgh-from",
                "-A osh-abcdefgh-from .* ACCEPT | $0\\n-A osh-abcdefgh-from -j ACCEPT | chain osh-abcdefgh-from",
                "-A osh-abcdefgh-nat .* | | chain osh-abcdefgh-nat"
            })
    void whatSomebodyChangedIsNamed(String line, String replacement, String found) {
        String changed =
                saved().replaceFirst("(?m)^" + line + "$", replacement == null ? "" : replacement.replace("\\n", "\n"));
        assertThat(changed).isNotEqualTo(saved());
        assertThat(drift(changed.replace("\n\n", "\n"))).contains(found);
    }

    @Test
    void othersRulesAndOtherSandboxesAreNoDrift() {
        String beside = saved().replaceFirst("(?m)^-A FORWARD .*$", "$0\n-A FORWARD -i docker0 -j ACCEPT")
                .replaceFirst(
                        "(?m)^-A OPENSHELL-FROM .*$",
                        "-A OPENSHELL-FROM -s 10.200.0.10/32 -i osh-other -j osh-other-from\n$0")
                .replaceFirst("(?m)^:osh-abcdefgh-from .*$", "$0\n:osh-other-from - [0:0]");
        assertThat(drift(beside)).isEqualTo("none");
        assertThat(new HostDrift(beside).withoutStrangers()).isEmpty();
    }

    @Test
    void strangersAreTakenOutOfThisLibrarysChainsAlone() {
        String strange = saved().replaceFirst("(?m)^-A FORWARD .*$", "$0\n-A FORWARD -j ACCEPT")
                .replaceFirst("(?m)^-A OPENSHELL-TO .*$", "$0\n-A OPENSHELL-TO -o osh-x -j osh-y-to");
        assertThat(new HostDrift(strange).withoutStrangers())
                .isEqualTo("*filter\n:OPENSHELL-TO - [0:0]\n"
                        + "-A OPENSHELL-TO -d 10.200.0.6/32 -o osh-abcdefgh -j osh-abcdefgh-to\nCOMMIT\n");
        String broken = saved().replaceFirst(
                        "(?m)^-A OPENSHELL-TO .*$",
                        "$0\n-A OPENSHELL-TO -m comment --comment \"a\n-I INPUT 1 -j ACCEPT\" -j ACCEPT");
        assertThat(new HostDrift(broken).withoutStrangers())
                .contains(":OPENSHELL-TO")
                .doesNotContain("-I INPUT");
    }
}
