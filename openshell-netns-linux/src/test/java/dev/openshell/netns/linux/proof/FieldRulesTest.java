package dev.openshell.netns.linux.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.openshell.netns.Family;
import org.junit.jupiter.api.Test;

/** Rules as they are found in the field: what they admit, and how they differ from a policy. */
class FieldRulesTest {
    private static final String LISTED = "tcp:203.0.113.10:443";

    /** What OpenShell loaded before: only TCP and UDP are refused. */
    private static final Asked OLD_OPENSHELL = Asked.output(
            """
            :INPUT ACCEPT [0:0]
            :FORWARD ACCEPT [0:0]
            :OUTPUT ACCEPT [0:0]
            -A OUTPUT -o lo -j ACCEPT
            -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A OUTPUT -d 10.200.0.1/32 -p tcp -m tcp --dport 3128 -j ACCEPT
            -A OUTPUT -p tcp -j REJECT --reject-with icmp-port-unreachable
            -A OUTPUT -p udp -j REJECT --reject-with icmp-port-unreachable
            """);

    @Test
    void openShellsOldRulesLetEverythingButTcpAndUdpOut() {
        assertThat(OLD_OPENSHELL.verify("tcp:10.200.0.1:3128"))
                .isEqualTo("icmp:198.51.100.0 admitted by :OUTPUT ACCEPT");
        assertThat(OLD_OPENSHELL.admits())
                .contains("other:0.0.0.0-10.200.0.0", "tcp:10.200.0.1:3128")
                .filteredOn(line -> line.startsWith("tcp:") || line.startsWith("udp:"))
                .hasSize(1);
        assertThat(OLD_OPENSHELL.explain("tcp:10.43.0.10:53"))
                .isEqualTo("denied by -A OUTPUT -p tcp -j REJECT --reject-with icmp-port-unreachable");
        assertThat(OLD_OPENSHELL.explain("gre:203.0.113.10")).isEqualTo("allowed by :OUTPUT ACCEPT");
    }

    @Test
    void withPolicyDropTheyAreExact() {
        Asked rules = Asked.output(
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -o lo -j ACCEPT
                -A OUTPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
                -A OUTPUT -d 10.43.0.10/32 -p udp -m udp --dport 53 -j ACCEPT
                -A OUTPUT -d 10.43.0.10/32 -p tcp -m tcp --dport 53 -j ACCEPT
                -A OUTPUT -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -m comment --comment "the api" -j ACCEPT
                -A OUTPUT -j REJECT --reject-with icmp-admin-prohibited
                """);
        assertThat(rules.verify("udp:10.43.0.10:53", "tcp:10.43.0.10:53", LISTED))
                .isEqualTo("equal");
        assertThat(rules.admits()).containsExactly("tcp:10.43.0.10:53", "udp:10.43.0.10:53", LISTED);
        assertThat(rules.verify("udp:10.43.0.10:53", "tcp:10.43.0.10:53"))
                .startsWith(LISTED + " admitted by -A OUTPUT -d 203.0.113.10/32 -p tcp -m tcp --dport 443");
        assertThat(rules.verify("udp:10.43.0.10:53", "tcp:10.43.0.10:53", LISTED, "tcp:203.0.113.10:80"))
                .isEqualTo("tcp:203.0.113.10:80 refused by -A OUTPUT -j REJECT --reject-with icmp-admin-prohibited");
    }

    @Test
    void aNetworkForAnAddress() {
        Asked rules = Asked.output(
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -d 203.0.113.0/24 -p tcp -m tcp --dport 443 -j ACCEPT
                """);
        assertThat(rules.verify(LISTED))
                .isEqualTo("tcp:203.0.113.0:443 admitted by"
                        + " -A OUTPUT -d 203.0.113.0/24 -p tcp -m tcp --dport 443 -j ACCEPT");
        assertThat(rules.admits()).containsExactly("tcp:203.0.113.0/24:443");
    }

    @Test
    void aPortTooMany() {
        Asked rules = Asked.output(
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -d 203.0.113.10/32 -p tcp -m multiport --dports 80,443,8000:8010 -j ACCEPT
                """);
        assertThat(rules.admits()).containsExactly("tcp:203.0.113.10:80,443,8000-8010");
        assertThat(rules.verify(LISTED)).startsWith("tcp:203.0.113.10:80 admitted");
        assertThat(rules.explain("tcp:203.0.113.10:8011")).isEqualTo("denied by :OUTPUT DROP");
    }

    @Test
    void anyProtocolOfAPort() {
        Asked rules = Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT -d 203.0.113.10/32 -j ACCEPT\n");
        assertThat(rules.admits()).containsExactly("any:203.0.113.10");
        assertThat(rules.verify(LISTED))
                .isEqualTo("tcp:203.0.113.10:1 admitted by -A OUTPUT -d 203.0.113.10/32 -j ACCEPT");
    }

    @Test
    void allButAnAddress() {
        Asked rules = Asked.output(
                """
                :OUTPUT ACCEPT [0:0]
                -A OUTPUT ! -d 203.0.113.10/32 -j DROP
                -A OUTPUT ! -p tcp -j DROP
                -A OUTPUT -p tcp -m tcp ! --dport 443 -j DROP
                """);
        assertThat(rules.verify(LISTED)).isEqualTo("equal");
        assertThat(rules.verify("tcp:203.0.113.11:443")).isEqualTo(LISTED + " admitted by :OUTPUT ACCEPT");
    }

    @Test
    void aRangeOfAddresses() {
        Asked rules = Asked.output(
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -p tcp -m iprange --dst-range 203.0.113.10-203.0.113.12 -m tcp --dport 443 -j ACCEPT
                """);
        assertThat(rules.admits()).containsExactly("tcp:203.0.113.10-203.0.113.12:443");
        assertThat(rules.verify(LISTED, "tcp:203.0.113.11:443", "tcp:203.0.113.12:443"))
                .isEqualTo("equal");
        assertThat(rules.verify(LISTED, "tcp:203.0.113.12:443")).startsWith("tcp:203.0.113.11:443 admitted");
    }

    @Test
    void dockersForwarding() {
        String rules =
                """
                :INPUT ACCEPT [0:0]
                :FORWARD DROP [0:0]
                :OUTPUT ACCEPT [0:0]
                :DOCKER - [0:0]
                :DOCKER-ISOLATION-STAGE-1 - [0:0]
                :DOCKER-ISOLATION-STAGE-2 - [0:0]
                :DOCKER-USER - [0:0]
                -A FORWARD -j DOCKER-USER
                -A FORWARD -j DOCKER-ISOLATION-STAGE-1
                -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
                -A FORWARD -o docker0 -j DOCKER
                -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
                -A FORWARD -i docker0 -o docker0 -j ACCEPT
                -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
                -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
                -A DOCKER-ISOLATION-STAGE-1 -j RETURN
                -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
                -A DOCKER-ISOLATION-STAGE-2 -j RETURN
                %s-A DOCKER-USER -j RETURN
                """;
        Asked open = Asked.of("FORWARD", rules.formatted(""));
        assertThat(open.admits()).containsExactly("any:0.0.0.0/0");
        assertThat(open.verify(LISTED))
                .isEqualTo("tcp:198.51.100.0:1 admitted by -A FORWARD -i docker0 ! -o docker0 -j ACCEPT");
        assertThat(Asked.of("DOCKER", rules.formatted("")).admits()).containsExactly("tcp:172.17.0.2:80");
        Asked closed = Asked.of(
                "FORWARD",
                rules.formatted("-A DOCKER-USER -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j RETURN\n"
                        + "-A DOCKER-USER -i docker0 -j REJECT --reject-with icmp-port-unreachable\n"));
        assertThat(closed.admits()).containsExactly("tcp:172.17.0.2:80", LISTED);
        assertThat(closed.verify("tcp:172.17.0.2:80", LISTED)).isEqualTo("equal");
    }

    @Test
    void ufwsOutgoing() {
        Asked rules = Asked.output(
                """
                :INPUT DROP [0:0]
                :FORWARD DROP [0:0]
                :OUTPUT DROP [0:0]
                :ufw-after-output - [0:0]
                :ufw-before-output - [0:0]
                :ufw-track-output - [0:0]
                :ufw-user-limit - [0:0]
                :ufw-user-output - [0:0]
                -A OUTPUT -j ufw-before-output
                -A OUTPUT -j ufw-after-output
                -A OUTPUT -j ufw-track-output
                -A ufw-before-output -o lo -j ACCEPT
                -A ufw-before-output -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
                -A ufw-before-output -j ufw-user-output
                -A ufw-user-limit -m limit --limit 3/min -j LOG --log-prefix "[UFW LIMIT BLOCK] "
                -A ufw-user-limit -j REJECT --reject-with icmp-port-unreachable
                -A ufw-user-output -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT
                -A ufw-user-output -d 10.43.0.10/32 -p udp -m udp --dport 53 -j ACCEPT
                """);
        // The limit stands in a chain that OUTPUT never gets to.
        assertThat(rules.verify(LISTED, "udp:10.43.0.10:53")).isEqualTo("equal");
        assertThat(rules.explain(LISTED))
                .isEqualTo("allowed by -A ufw-user-output -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT");
        assertThat(rules.explain("udp:10.43.0.11:53")).isEqualTo("denied by :OUTPUT DROP");
    }

    @Test
    void noRulesAndPolicyDropAdmitNothing() {
        Asked rules = Asked.output(":INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n");
        assertThat(rules.admits()).isEmpty();
        assertThat(rules.parse().regions()).isZero();
        assertThat(rules.verify()).isEqualTo("equal");
        assertThat(rules.verify(LISTED)).isEqualTo(LISTED + " refused by :OUTPUT DROP");
    }

    @Test
    void noRulesAndPolicyAcceptAdmitAll() {
        for (Asked rules : new Asked[] {
            Asked.output(""), Asked.output(":OUTPUT ACCEPT [0:0]\n"), Asked.output("-A INPUT -j DROP\n")
        }) {
            assertThat(rules.admits()).containsExactly("any:0.0.0.0/0");
            assertThat(rules.verify(LISTED)).isEqualTo("tcp:198.51.100.0:1 admitted by :OUTPUT ACCEPT");
        }
    }

    @Test
    void ipv6HasRulesOfItsOwn() {
        Asked rules = Asked.output6(
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -o lo -j ACCEPT
                -A OUTPUT -d 2001:db8::10/128 -p tcp -m tcp --dport 443 -j ACCEPT
                -A OUTPUT -j REJECT --reject-with icmp6-port-unreachable
                """);
        assertThat(rules.verify("tcp:[2001:db8::10]:443", LISTED)).isEqualTo("equal");
        assertThat(rules.verify(LISTED)).startsWith("tcp:[2001:db8::10]:443 admitted");
        Asked pings = Asked.output6(":OUTPUT DROP [0:0]\n-A OUTPUT -p ipv6-icmp -j ACCEPT\n");
        assertThat(pings.verify()).isEqualTo("ipv6-icmp:[2001:db8::1] admitted by -A OUTPUT -p ipv6-icmp -j ACCEPT");
        Asked wide =
                Asked.output6(":OUTPUT DROP [0:0]\n-A OUTPUT -d 2001:db8::/64 -p tcp -m tcp --dport 443 -j ACCEPT\n");
        assertThat(wide.admits()).containsExactly("tcp:[2001:db8::/64]:443");
        assertThat(wide.verify("tcp:[2001:db8::10]:443")).startsWith("tcp:[2001:db8::1]:443 admitted");
        Asked open = Asked.output6("");
        assertThat(open.admits()).containsExactly("any:[::/0]");
    }

    @Test
    void whatIsNoRulesetIsSaid() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Asked(Family.IPV4, "OUTPUT", "").parse())
                .withMessageContainingAll("no table filter", "iptables-save");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Asked(Family.IPV6, "OUTPUT", "*nat\nCOMMIT\n").parse())
                .withMessageContaining("ip6tables-save");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Asked.of("NOSUCH", ":MINE - [0:0]\n").parse())
                .withMessageContainingAll("'NOSUCH'", "MINE", "OUTPUT");
    }
}
