package dev.openshell.netns.linux.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.VerificationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules with a word whose meaning is not known prove nothing, unless no packet ever gets there. */
class ForeignUnknownTest {
    /** What kube-proxy and its like write. */
    private static final String KUBE =
            """
            :INPUT ACCEPT [0:0]
            :FORWARD ACCEPT [0:0]
            :OUTPUT ACCEPT [0:0]
            :KUBE-EXTERNAL-SERVICES - [0:0]
            :KUBE-FIREWALL - [0:0]
            :KUBE-FORWARD - [0:0]
            :KUBE-SERVICES - [0:0]
            -A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
            -A INPUT -j KUBE-FIREWALL
            -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
            -A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
            -A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
            -A OUTPUT -j KUBE-FIREWALL
            -A KUBE-FIREWALL -m comment --comment "kubernetes firewall" -m mark --mark 0x8000/0x8000 -j DROP
            -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
            -A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
            -A KUBE-SERVICES -d 10.43.0.1/32 -p tcp -m comment --comment "default/kubernetes has no endpoints" -m tcp --dport 443 -j REJECT --reject-with icmp-port-unreachable
            """;

    @Test
    void marksOfKube() {
        for (String chain : new String[] {"INPUT", "FORWARD", "OUTPUT", "KUBE-FIREWALL", "KUBE-FORWARD"}) {
            assertThat(Asked.of(chain, KUBE).verify()).as(chain).isEqualTo("unknown mark");
        }
        assertThat(Asked.of("KUBE-SERVICES", KUBE).verify()).isEqualTo("equal");
        assertThat(Asked.of("KUBE-EXTERNAL-SERVICES", KUBE).admits()).isEmpty();
    }

    @Test
    void limitsOfUfw() {
        Asked rules = Asked.of(
                "ufw-before-logging-input",
                """
                :ufw-before-logging-input - [0:0]
                -A ufw-before-logging-input -m conntrack --ctstate NEW -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW AUDIT] "
                """);
        // What is only noted is not decided.
        assertThat(rules.verify()).isEqualTo("equal");
        Asked input = Asked.of(
                "INPUT",
                """
                :INPUT DROP [0:0]
                :ufw-not-local - [0:0]
                -A INPUT -j ufw-not-local
                -A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
                -A ufw-not-local -j DROP
                """);
        assertThat(input.verify()).isEqualTo("unknown addrtype");
    }

    /** What stands in OUTPUT before the rule that all else hangs on, and the word that is named. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-m owner --uid-owner 1000 -j ACCEPT                          | owner",
                "-m set --match-set allowed dst -j ACCEPT                     | set",
                "-m limit --limit 10/sec -j ACCEPT                            | limit",
                "-m hashlimit --hashlimit-upto 5/sec --hashlimit-name x -j ACCEPT | hashlimit",
                "-m hashlimit --hashlimit-upto 5/sec --hashlimit-name x -j DROP   | hashlimit",
                "-m hashlimit ! --hashlimit-above 5/sec --hashlimit-name x -j DROP | hashlimit",
                "-m hashlimit --hashlimit-above 5/sec --hashlimit-name x -j RETURN | hashlimit",
                "-m hashlimit --hashlimit-above 5/sec --hashlimit-name x -j OUTPUT | hashlimit",
                "-m hashlimit --hashlimit-above 5/sec --hashlimit-name x          | hashlimit",
                "-m hashlimit --hashlimit-above 5/sec --hashlimit-rate-match -j DROP | --hashlimit-rate-match",
                "-m connlimit --connlimit-above 5 --connlimit-saddr -j ACCEPT     | connlimit",
                "-m connlimit --connlimit-upto 5 -j DROP                          | connlimit",
                "-m connlimit --connlimit-above 5 -j DROP -m limit --limit 1/s    | -m",
                "-m limit --limit 10/sec -m comment --connlimit-above 5 -j DROP   | --connlimit-above",
                "-m recent --rcheck --seconds 60 --name x --rsource -j DROP   | recent",
                "-m mac --mac-source 02:00:00:00:00:01 -j ACCEPT              | mac",
                "-m string --string x --algo bm --to 65535 -j DROP            | string",
                "-m conntrack --ctstatus CONFIRMED -j ACCEPT                  | --ctstatus",
                "-p tcp -m tcp --tcp-option 5 -j ACCEPT                       | --tcp-option",
                "-j TEE --gateway 10.0.0.1                                    | TEE",
                "-j MARK --set-xmark 0x1/0x1                                  | MARK",
                "-j AUDIT --type accept                                       | AUDIT",
                "-f -j DROP                                                   | -f",
                "-d allowed.example -j ACCEPT                                 | -d",
                "-j NOSUCH                                                    | NOSUCH",
            })
    void aWordThatIsNotKnownIsNamed(String rule, String token) {
        Asked rules = Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT " + rule + "\n-A OUTPUT -j DROP\n");
        assertThat(rules.verify()).isEqualTo("unknown " + token);
        assertThatThrownBy(rules::parse)
                .isInstanceOfSatisfying(VerificationException.class, e -> {
                    assertThat(e.object()).isEqualTo("ipv4 filter OUTPUT");
                    assertThat(e.unknown()).contains(token);
                    assertThat(e.counterexample()).isEmpty();
                    assertThat(e.remedy()).contains("another chain");
                })
                .hasMessageContaining("-A OUTPUT " + rule);
    }

    /** What only takes away what is too much is passed by, and nothing that it stands before is lost. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "-m connlimit --connlimit-above 20 --connlimit-mask 32 --connlimit-daddr -j DROP",
                "-p tcp -m conntrack --ctstate NEW -m connlimit --connlimit-above 2 -j REJECT --reject-with tcp-reset",
                "-m hashlimit --hashlimit-above 5/sec --hashlimit-mode dstip --hashlimit-name x -j DROP",
                "-m limit --limit 10/sec --limit-burst 20 -j DROP",
                "-m hashlimit --hashlimit-above 1/min --hashlimit-name x -j LOG --log-prefix \"many \""
            })
    void limitsArePassedBy(String rule) {
        String rules = ":OUTPUT DROP [0:0]\n-A OUTPUT " + rule
                + "\n-A OUTPUT -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT\n";
        assertThat(Asked.output(rules).verify("tcp:203.0.113.10:443")).isEqualTo("equal");
        assertThat(Asked.output(rules).explain("tcp:203.0.113.10:443"))
                .isEqualTo("allowed by -A OUTPUT -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT");
        assertThat(Asked.output(rules + "-A OUTPUT -j ACCEPT\n").verify()).contains(" admitted by ");
    }

    @Test
    void whereNoPacketGetsItDoesNoHarm() {
        String unknown = "-A LIMITS -m limit --limit 5/min -j ACCEPT\n";
        String chains = ":INPUT DROP [0:0]\n:OUTPUT DROP [0:0]\n:LIMITS - [0:0]\n";
        assertThat(Asked.output(chains + unknown).verify()).isEqualTo("equal");
        assertThat(Asked.output(chains + unknown + "-A INPUT -j LIMITS\n").verify())
                .isEqualTo("equal");
        assertThat(Asked.output(chains + unknown + "-A OUTPUT -j DROP\n-A OUTPUT -j LIMITS\n")
                        .verify())
                .isEqualTo("equal");
        assertThat(Asked.output(chains + unknown + "-A OUTPUT -p tcp -j LIMITS\n")
                        .verify())
                .isEqualTo("unknown limit");
        assertThat(Asked.of("INPUT", chains + unknown + "-A INPUT -j LIMITS\n").verify())
                .isEqualTo("unknown limit");
        Asked table = new Asked(
                Asked.output("").family(),
                "OUTPUT",
                "*mangle\n-A OUTPUT -j MARK --set-xmark 0x1/0x1\nCOMMIT\n*filter\n:OUTPUT DROP [0:0]\nCOMMIT\n");
        assertThat(table.verify()).isEqualTo("equal");
    }

    @Test
    void aLoopIsNoRuleset() {
        Asked rules = Asked.output(
                """
                :ONE - [0:0]
                :TWO - [0:0]
                -A OUTPUT -j ONE
                -A ONE -j TWO
                -A TWO -j ONE
                """);
        assertThat(rules.verify()).isEqualTo("unknown ONE");
    }

    /** Neither depth nor the number of ways through chains may end the JVM or take for ever. */
    @Test
    @Timeout(20)
    void manyChainsOneBehindTheOther() {
        assertThat(chained(50, 1).verify()).isEqualTo("equal");
        assertThat(chained(5000, 1).verify()).startsWith("unknown C");
        Asked wide = chained(40, 2);
        assertThat(wide.verify("tcp:203.0.113.10:443")).isEqualTo("tcp:203.0.113.10:443 refused by :OUTPUT DROP");
    }

    private static Asked chained(int chains, int jumps) {
        StringBuilder lines = new StringBuilder(":OUTPUT DROP [0:0]\n");
        for (int i = 0; i <= chains; i++) {
            lines.append(":C").append(i).append(" - [0:0]\n");
        }
        lines.append("-A OUTPUT -j C0\n");
        for (int i = 0; i < chains; i++) {
            lines.append(("-A C" + i + " -j C" + (i + 1) + "\n").repeat(jumps));
        }
        return Asked.output(lines.toString());
    }

    /** A file that ends too early may lack the very rule that matters. */
    @Test
    void aFileThatWasCutOffIsNoRuleset() {
        Asked whole = Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT -p tcp -j ACCEPT\n");
        Asked cut = new Asked(whole.family(), "OUTPUT", whole.text().replace("COMMIT\n", ""));
        assertThat(whole.admits()).containsExactly("tcp:0.0.0.0/0");
        assertThat(cut.verify()).isEqualTo("unknown *filter");
    }

    /** Of two tables filter in one file the second is what iptables-restore leaves. */
    @Test
    void aSecondTableTakesTheFirstOnesPlace() {
        Asked one = Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT -p tcp -j ACCEPT\n");
        Asked other = Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT -p udp -j ACCEPT\n");
        Asked both = new Asked(one.family(), "OUTPUT", one.text() + other.text());
        assertThat(both.admits()).containsExactly("udp:0.0.0.0/0");
    }

    @Test
    void rulesOfNftAreNoneOfIptables() {
        Asked rules = new Asked(Asked.output("").family(), "OUTPUT", "table ip filter {\n}\n");
        assertThat(rules.verify()).isEqualTo("unknown table");
    }
}
