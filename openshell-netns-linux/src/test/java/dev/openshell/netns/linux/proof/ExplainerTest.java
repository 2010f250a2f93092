package dev.openshell.netns.linux.proof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Explanation;
import dev.openshell.netns.Explanation.Hop;
import dev.openshell.netns.Explanation.Verdict;
import dev.openshell.netns.NetnsSandbox;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExplainerTest {
    private static final Explained BOTH = Explained.of(NetnsSandbox.builder()
            .proxy(3128)
            .allowDns("10.43.0.10", "2001:db8::53")
            .directTcp("203.0.113.10")
            .directTcp("[2001:db8::10]:443")
            .directTcp("db.internal", 5432));

    private static final Explained IPV4 = Explained.of(
            NetnsSandbox.builder().proxy(3128).allowDns("10.43.0.10").directTcp("203.0.113.10"));

    @Test
    void theWholeWayOfAFlow() {
        Explanation.Way way = IPV4.way("tcp:203.0.113.10:443");
        assertThat(way.allowed()).isTrue();
        assertThat(way.origin()).contains("directTcp(\"203.0.113.10\")");
        assertThat(way.advice()).isEmpty();
        String flow = "--ctproto 6 --ctorigsrc 10.200.0.2 --ctorigdst 203.0.113.10 --ctorigdstport 443";
        String comment = "-m comment --comment \"directTcp(203.0.113.10)\"";
        assertThat(Explained.hops(way))
                .containsExactly(
                        "sandbox filter OUTPUT: ACCEPT by -A OUTPUT -d 203.0.113.10/32 -o eth0 -p tcp -m tcp"
                                + " --dport 443 " + comment + " -j ACCEPT",
                        "host raw PREROUTING: NONE by -A OPENSHELL-SOURCE -s 10.200.0.2/32 -i osh-plan -j RETURN",
                        "host filter FORWARD: ACCEPT by -A osh-plan-from -p tcp -m conntrack --ctstate"
                                + " NEW,ESTABLISHED " + flow + " --ctdir ORIGINAL " + comment + " -j ACCEPT",
                        "host nat POSTROUTING: MASQUERADE by -A osh-plan-nat -m conntrack " + flow + " " + comment
                                + " -j MASQUERADE");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tcp:203.0.113.10:443       | directTcp(\"203.0.113.10\")        | FORWARD",
                "tcp:[2001:db8::10]:443     | directTcp(\"2001:db8::10\")        | FORWARD",
                "tcp:db.internal:5432       | directTcp(\"db.internal\", 5432)   | FORWARD",
                "tcp:203.0.113.5:5432       | directTcp(\"db.internal\", 5432)   | FORWARD",
                "tcp:[2001:db8::5]:5432     | directTcp(\"db.internal\", 5432)   | FORWARD",
                "udp:10.43.0.10:53          | allowDns(\"10.43.0.10\")           | FORWARD",
                "tcp:10.43.0.10:53          | allowDns(\"10.43.0.10\")           | FORWARD",
                "udp:[2001:db8::53]:53      | allowDns(\"2001:db8::53\")         | FORWARD",
                "tcp:10.200.0.1:3128        | proxy(3128)                        | INPUT",
            })
    void whatIsListedGetsThroughBothEnds(String flow, String origin, String hook) {
        Explanation.Way way = BOTH.way(flow);
        assertThat(way.allowed()).isTrue();
        assertThat(way.origin()).contains(origin);
        assertThat(way.advice()).isEmpty();
        assertThat(way.hops()).allMatch(Hop::reached);
        List<Verdict> verdicts = way.hops().stream().map(Hop::verdict).toList();
        assertThat(way.hops().get(2).hook()).isEqualTo("filter " + hook);
        assertThat(verdicts)
                .isEqualTo(
                        hook.equals("INPUT")
                                ? List.of(Verdict.ACCEPT, Verdict.NONE, Verdict.ACCEPT)
                                : List.of(Verdict.ACCEPT, Verdict.NONE, Verdict.ACCEPT, Verdict.MASQUERADE));
    }

    @Test
    void whatStaysInsideNeverLeaves() {
        for (String flow : List.of(
                "tcp:127.0.0.1:80",
                "udp:127.8.8.8:53",
                "tcp:[::1]:80",
                "icmp:127.0.0.1",
                "tcp:10.200.0.2:80",
                "icmp:10.200.0.2")) {
            Explanation.Way way = IPV4.way(flow);
            assertThat(way.allowed()).as(flow).isTrue();
            assertThat(way.origin()).isEmpty();
            assertThat(Explained.hops(way))
                    .containsExactly(
                            "sandbox filter OUTPUT: ACCEPT by -A OUTPUT -o lo -j ACCEPT",
                            "sandbox filter INPUT: ACCEPT by -A INPUT -i lo -j ACCEPT");
        }
        assertThat(BOTH.way("tcp:[fd00:6f73:6800::2]:80").allowed()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tcp:203.0.113.10:80",
                "tcp:203.0.113.11:443",
                "tcp:203.0.113.5:443",
                "tcp:10.43.0.10:443",
                "tcp:10.43.0.11:53",
                "tcp:169.254.169.254:80",
                "tcp:10.200.0.6:3128",
                "tcp:203.0.113.10:0",
                "tcp:other.example:443",
            })
    void tcpIsRefusedInsideAndWouldBeOnTheHost(String flow) {
        Explanation.Way way = BOTH.way(flow);
        assertThat(way.allowed()).isFalse();
        assertThat(way.origin()).isEmpty();
        assertThat(Explained.hops(way))
                .containsExactly(
                        "sandbox filter OUTPUT: REJECT by -A OUTPUT -p tcp -j REJECT --reject-with tcp-reset",
                        "(host raw PREROUTING: NONE by -A OPENSHELL-SOURCE -s 10.200.0.2/32 -i osh-plan -j RETURN)",
                        "(host filter FORWARD: DROP by -A OPENSHELL-FORWARD -i osh-+ -j DROP)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "udp:203.0.113.10:443",
                "udp:203.0.113.10:53",
                "icmp:203.0.113.10",
                "icmp:10.43.0.10",
                "sctp:203.0.113.10:443",
                "dccp:203.0.113.10:443",
                "udplite:10.43.0.10:53",
                "gre:203.0.113.10",
                "253:203.0.113.10",
                "igmp:224.0.0.22",
            })
    void otherProtocolsAreRefusedAsWell(String flow) {
        assertThat(Explained.hops(BOTH.way(flow)))
                .containsExactly(
                        "sandbox filter OUTPUT: REJECT by -A OUTPUT -j REJECT --reject-with icmp-port-unreachable",
                        "(host raw PREROUTING: NONE by -A OPENSHELL-SOURCE -s 10.200.0.2/32 -i osh-plan -j RETURN)",
                        "(host filter FORWARD: DROP by -A OPENSHELL-FORWARD -i osh-+ -j DROP)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tcp:10.200.0.1:22",
                "tcp:10.200.0.1:3129",
                "udp:10.200.0.1:3128",
                "icmp:10.200.0.1",
                "tcp:198.51.100.2:3128",
                "udp:198.51.100.2:53"
            })
    void whatIsForTheHostItselfIsDroppedAtItsInput(String flow) {
        Explanation.Way way = IPV4.way(flow);
        assertThat(way.allowed()).isFalse();
        assertThat(Explained.hops(way).get(2))
                .isEqualTo("(host filter INPUT: DROP by -A OPENSHELL-INPUT -i osh-+ -j DROP)");
        assertThat(way.hops()).hasSize(3);
    }

    /** A policy without IPv6 denies all of it, on both ends. */
    @ParameterizedTest
    @ValueSource(strings = {"tcp:[2001:db8::10]:443", "udp:[2001:db8::53]:53", "icmpv6:[2001:db8::10]"})
    void ipv6WithoutALinkThatHasIt(String flow) {
        Explanation.Way way = IPV4.way(flow);
        assertThat(way.allowed()).isFalse();
        List<String> hops = Explained.hops(way);
        assertThat(hops.get(0)).startsWith("sandbox filter OUTPUT: REJECT by -A OUTPUT");
        assertThat(hops.subList(1, 3))
                .containsExactly(
                        "(host raw PREROUTING: DROP by -A OPENSHELL-SOURCE -j DROP)",
                        "(host filter FORWARD: DROP by -A OPENSHELL-FORWARD -i osh-+ -j DROP)");
        assertThat(IPV4.way("tcp:[2001:db8:1::2]:443").hops().get(2).hook()).isEqualTo("filter INPUT");
    }

    @Test
    void aPolicyThatAllowsNothing() {
        Explained none = Explained.of(NetnsSandbox.builder());
        for (String flow : List.of("tcp:203.0.113.10:443", "udp:10.43.0.10:53", "tcp:10.200.0.1:3128")) {
            assertThat(none.way(flow).allowed()).as(flow).isFalse();
        }
        assertThat(none.way("tcp:127.0.0.1:80").allowed()).isTrue();
    }
}
