package dev.openshell.netns.linux.proof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Counterexample;
import dev.openshell.netns.VerificationException;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** What counts as admitted by rules from elsewhere. */
class ForeignRulesTest {
    private static final String LISTED = "tcp:203.0.113.10:443";

    /** The first rule alone decides nothing of a flow that is to begin. */
    @Test
    void establishedFirstAdmitsNoNewFlow() {
        String rules =
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
                """;
        assertThat(Asked.output(rules).admits()).isEmpty();
        assertThat(Asked.output(rules).verify()).isEqualTo("equal");
        assertThat(Asked.output(rules + "-A OUTPUT -m conntrack --ctstate INVALID -j ACCEPT\n")
                        .verify())
                .isEqualTo("tcp:198.51.100.0:1 admitted by -A OUTPUT -m conntrack --ctstate INVALID -j ACCEPT");
        assertThat(Asked.output(rules + "-A OUTPUT -m conntrack --ctstate UNTRACKED -j ACCEPT\n")
                        .verify())
                .startsWith("tcp:198.51.100.0:1 admitted");
        assertThat(Asked.output(rules + "-A OUTPUT -m conntrack ! --ctstate NEW -j ACCEPT\n")
                        .verify())
                .startsWith("tcp:198.51.100.0:1 admitted");
    }

    @Test
    void loopbackDoesNotCount() {
        Asked rules = Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT -o lo -j ACCEPT\n");
        assertThat(rules.verify()).isEqualTo("equal");
        assertThat(rules.explain("tcp:127.0.0.1:80")).isEqualTo("denied by :OUTPUT DROP");
        Asked byAddress = Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT -d 127.0.0.0/8 -j ACCEPT\n");
        assertThat(byAddress.admits()).containsExactly("any:127.0.0.0/8");
        Asked notLo = Asked.output(":OUTPUT ACCEPT [0:0]\n-A OUTPUT ! -o lo -j DROP\n");
        assertThat(notLo.verify()).isEqualTo("equal");
    }

    /** A packet that a program sends has come in by no interface, one for a program goes out by none. */
    @Test
    void aHookHasTheInterfacesThatItHas() {
        String shared =
                """
                :INPUT DROP [0:0]
                :FORWARD DROP [0:0]
                :OUTPUT DROP [0:0]
                :BOTH - [0:0]
                -A INPUT -j BOTH
                -A FORWARD -j BOTH
                -A OUTPUT -j BOTH
                -A BOTH -i eth0 -o eth1 -j ACCEPT
                """;
        assertThat(Asked.of("OUTPUT", shared).admits()).isEmpty();
        assertThat(Asked.of("INPUT", shared).admits()).isEmpty();
        assertThat(Asked.of("FORWARD", shared).admits()).containsExactly("any:0.0.0.0/0");
        assertThat(Asked.of("BOTH", shared).admits()).containsExactly("any:0.0.0.0/0");
    }

    @Test
    void aSourceIsAnybodys() {
        Asked rules = Asked.output(
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -s 10.200.0.2/32 -d 203.0.113.10/32 -o eth0 -p tcp -m tcp --sport 1024:65535 --dport 443 -j ACCEPT
                """);
        assertThat(rules.verify(LISTED)).isEqualTo("equal");
        assertThat(rules.verify()).startsWith(LISTED + " admitted");
    }

    @Test
    void fallingThroughAChainOfOnesOwnAdmitsNothing() {
        Asked rules = Asked.of(
                "MINE",
                """
                :OUTPUT ACCEPT [0:0]
                :MINE - [0:0]
                -A MINE -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT
                -A MINE -d 10.0.0.0/8 -j RETURN
                """);
        assertThat(rules.verify(LISTED)).isEqualTo("equal");
        assertThat(rules.explain("tcp:10.0.0.1:1")).isEqualTo("denied by the end of chain MINE");
        assertThat(rules.explain("tcp:203.0.113.11:443")).isEqualTo("denied by the end of chain MINE");
        assertThat(rules.verify(LISTED, "tcp:203.0.113.11:443"))
                .isEqualTo("tcp:203.0.113.11:443 refused by the end of chain MINE");
    }

    @Test
    void jumpsComeBackAndGotosDont() {
        String rules =
                """
                :OUTPUT DROP [0:0]
                :ONE - [0:0]
                :TWO - [0:0]
                -A OUTPUT -j ONE
                -A OUTPUT -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT
                -A ONE -p tcp %s TWO
                -A ONE -j DROP
                -A TWO -d 203.0.113.10/32 -j RETURN
                """;
        assertThat(Asked.output(rules.formatted("-g")).verify(LISTED)).isEqualTo("equal");
        assertThat(Asked.output(rules.formatted("-j")).verify(LISTED)).isEqualTo(LISTED + " refused by -A ONE -j DROP");
        Asked topLevel = Asked.output(
                """
                :OUTPUT ACCEPT [0:0]
                :ONE - [0:0]
                -A OUTPUT -p tcp -g ONE
                -A OUTPUT -j DROP
                -A ONE ! -d 203.0.113.10/32 -j DROP
                -A ONE -p tcp -m tcp ! --dport 443 -j DROP
                """);
        assertThat(topLevel.verify(LISTED)).isEqualTo("equal");
    }

    @Test
    void whatIsOnlyNotedGoesOn() {
        Asked rules = Asked.output(
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT
                -A OUTPUT -j LOG --log-prefix "denied: " --log-level 4
                -A OUTPUT -j NFLOG --nflog-group 1
                """);
        assertThat(rules.verify(LISTED)).isEqualTo("equal");
        // iptables-save can't show every target: a rule without one may have one.
        assertThat(Asked.output(rules.text().replace("*filter\n", "").replace("COMMIT\n", "-A OUTPUT -p udp\n"))
                        .verify(LISTED))
                .isEqualTo("unknown udp");
    }

    /** A rule behind one that decides everything is never asked. */
    @Test
    void orderMatters() {
        String accept = "-A OUTPUT -d 203.0.113.10/32 -p tcp -m tcp --dport 443 -j ACCEPT\n";
        String drop = "-A OUTPUT -d 203.0.113.0/24 -j DROP\n";
        assertThat(Asked.output(":OUTPUT DROP [0:0]\n" + accept + drop).verify(LISTED))
                .isEqualTo("equal");
        assertThat(Asked.output(":OUTPUT DROP [0:0]\n" + drop + accept).verify(LISTED))
                .isEqualTo(LISTED + " refused by -A OUTPUT -d 203.0.113.0/24 -j DROP");
    }

    /** The port of whichever end is enough, and the source's is anybody's choice. */
    @Test
    void aPortOfEitherEnd() {
        String drop = ":OUTPUT DROP [0:0]\n";
        assertThat(Asked.output(drop + "-A OUTPUT -p tcp -m multiport --ports 443 -j ACCEPT\n")
                        .admits())
                .containsExactly("tcp:0.0.0.0/0");
        assertThat(Asked.output(drop + "-A OUTPUT -p tcp -m multiport ! --ports 443 -j ACCEPT\n")
                        .admits())
                .containsExactly("tcp:0.0.0.0/0:0-442,444-65535");
    }

    @Test
    void onlyTheFirstPacketOfAConnection() {
        Asked rules = Asked.output(
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -d 203.0.113.10/32 -p tcp -m tcp --dport 443 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT
                """);
        assertThat(rules.verify(LISTED)).isEqualTo("equal");
        // A segment from the middle of a connection that nobody knows gets out as well.
        Asked rest = Asked.output(
                ":OUTPUT DROP [0:0]\n-A OUTPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT\n");
        assertThat(rest.admits()).containsExactly("tcp:0.0.0.0/0");
    }

    @Test
    void aFlowGetsThroughWhereItsFirstPacketDoes() {
        String listed = "-A OUTPUT -d 203.0.113.10/32 -p tcp -m tcp --dport 443";
        Asked late = Asked.output(":OUTPUT DROP [0:0]\n" + listed + " --tcp-flags ACK ACK -j ACCEPT\n");
        assertThat(late.explain("tcp:203.0.113.10:443")).startsWith("denied by :OUTPUT DROP");
        assertThat(late.verify(LISTED)).startsWith("tcp:203.0.113.10:443 refused by :OUTPUT DROP");
        Asked noNew = Asked.output(":OUTPUT ACCEPT [0:0]\n-A OUTPUT -m conntrack --ctstate NEW -j DROP\n");
        assertThat(noNew.explain("tcp:203.0.113.10:443")).startsWith("denied by -A OUTPUT -m conntrack");
        assertThat(noNew.verify()).startsWith("tcp:198.51.100.0:1 admitted by :OUTPUT ACCEPT");
    }

    @Test
    void messagesOfIcmp() {
        Asked rules = Asked.output(
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT
                """);
        assertThat(rules.admits()).containsExactly("icmp:0.0.0.0/0");
        assertThat(rules.verify()).startsWith("icmp:198.51.100.0 admitted by -A OUTPUT -p icmp");
        assertThat(rules.explain("icmp:203.0.113.10")).startsWith("allowed by -A OUTPUT -p icmp");
        Asked unreachable = Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT -p icmp -m icmp --icmp-type 3 -j ACCEPT\n");
        assertThat(unreachable.admits()).containsExactly("icmp:0.0.0.0/0");
        // It gets out, and no flow begins so.
        assertThat(unreachable.verify()).startsWith("icmp:198.51.100.0 admitted by -A OUTPUT -p icmp");
        assertThat(unreachable.explain("icmp:203.0.113.10")).startsWith("denied by :OUTPUT DROP");
        // No flow begins with such a message.
        assertThat(Asked.output(":OUTPUT DROP [0:0]\n"
                                + "-A OUTPUT -p icmp -m icmp --icmp-type 3 -m conntrack --ctstate NEW -j ACCEPT\n")
                        .admits())
                .isEmpty();
    }

    @Test
    void interfacesAreKnownHoweverTheyAreWritten() {
        for (String option : new String[] {"-o wan0", "--out-interface wan0", "-o \"wan0\"", "-o  wan0", "-o wan+"}) {
            Asked rules = Asked.output(
                    ":OUTPUT DROP [0:0]\n-A OUTPUT -d 203.0.113.10/32 " + option + " -p tcp --dport 443 -j ACCEPT\n");
            assertThat(rules.verify(LISTED)).as(option).isEqualTo("equal");
        }
    }

    @Test
    void aCommentCantHideARule() {
        Asked rules = Asked.output(
                """
                :OUTPUT DROP [0:0]
                -A OUTPUT -m comment --comment x" -d 203.0.113.10/32 -m comment --comment y" -p tcp -j ACCEPT
                """);
        assertThat(rules.admits()).containsExactly("tcp:0.0.0.0/0");
    }

    @Test
    void theCounterexampleIsAWholePacket() {
        Asked rules = Asked.output(":OUTPUT DROP [0:0]\n-A OUTPUT -o eth0 -p udp -j ACCEPT\n");
        Assertions.assertThatThrownBy(() -> rules.parse().verify(Asked.policy()))
                .isInstanceOfSatisfying(VerificationException.class, e -> {
                    Counterexample found = e.counterexample().orElseThrow();
                    assertThat(found.flow()).hasToString("udp:198.51.100.0:1");
                    assertThat(found.place()).isEqualTo("ipv4 filter OUTPUT");
                    assertThat(found.packet()).isEqualTo("udp 10.200.0.2:40000 > 198.51.100.0:1 NEW, out eth0");
                    assertThat(found.expected()).isEqualTo("not allowed");
                    assertThat(found.found()).isEqualTo("ACCEPT");
                    assertThat(e.remedy()).isEqualTo("change the rules or the policy");
                });
    }
}
