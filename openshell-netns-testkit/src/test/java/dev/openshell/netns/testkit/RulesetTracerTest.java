package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.testkit.Trace.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RulesetTracerTest {
    private static final Packet WEB = Packet.tcp("10.200.0.2", 40000, "203.0.113.10", 443);

    private static RulesetTracer parse(String text) {
        return RulesetTracer.parse(Family.IPV4, text);
    }

    @Test
    void listsEachRuleThatMatchedAsSavePrintsIt() {
        RulesetTracer tracer = parse(
                """
                *filter
                :INPUT ACCEPT [0:0]
                :FORWARD DROP [0:0]
                :OUTPUT ACCEPT [0:0]
                :mine - [0:0]
                -A FORWARD -j LOG --log-prefix "a b"
                -A FORWARD -p udp -j DROP
                -A FORWARD -p 6 --dport 443 -j mine
                -A mine -s 10.200.0.0/255.255.0.0 -m conntrack --ctstate ESTABLISHED,NEW -j ACCEPT
                COMMIT
                """);
        Trace trace = tracer.forward(WEB);
        assertThat(trace.verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(trace.rules())
                .containsExactly(
                        "-A FORWARD -j LOG --log-prefix \"a b\"",
                        "-A FORWARD -p tcp -m tcp --dport 443 -j mine",
                        "-A mine -s 10.200.0.0/16 -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT");
        assertThat(tracer.forward(WEB.withSource("10.43.0.1")).verdict()).isEqualTo(Verdict.DROP);
        assertThat(tracer.forward(WEB.withState(ConnState.RELATED)).verdict()).isEqualTo(Verdict.DROP);
        assertThat(tracer.input(WEB).rules()).isEmpty();
    }

    @Test
    void saysWhatARefusalAnswersWith() {
        RulesetTracer tracer = parse(
                """
                *filter
                -A OUTPUT -o lo -j ACCEPT
                -A OUTPUT -p tcp -j REJECT --reject-with tcp-reset
                -A OUTPUT -j REJECT
                COMMIT
                """);
        assertThat(tracer.output(WEB.withOutInterface("lo")).verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.output(WEB.withOutInterface("eth0")).rejectedWith()).contains("tcp-reset");
        Trace udp = tracer.output(Packet.udp("10.200.0.2", 5, "10.43.0.10", 53));
        assertThat(udp.verdict()).isEqualTo(Verdict.REJECT);
        assertThat(udp.rejectedWith()).contains("icmp-port-unreachable");
        assertThat(udp.rules()).containsExactly("-A OUTPUT -j REJECT --reject-with icmp-port-unreachable");
    }

    @Test
    void translatesWhatNewFlowsSend() {
        RulesetTracer tracer = parse(
                        """
                *nat
                -A PREROUTING -d 10.43.0.10/32 -p udp -m udp --dport 53 -j DNAT --to-destination 203.0.113.53:5353
                -A OUTPUT -p tcp -j REDIRECT --to-ports 3128
                -A POSTROUTING -o eth0 -j MASQUERADE
                -A POSTROUTING -o eth1 -p tcp -j SNAT --to-source 203.0.113.7:5000-5009
                COMMIT
                """)
                .withAddress("eth0", "198.51.100.2");
        Packet dns = Packet.udp("10.200.0.2", 5, "10.43.0.10", 53);
        Packet translated = tracer.prerouting(dns).packet();
        assertThat(translated.destination().getHostAddress()).isEqualTo("203.0.113.53");
        assertThat(translated.destinationPort()).isEqualTo(5353);
        assertThat(tracer.prerouting(dns.withState(ConnState.ESTABLISHED)).rules())
                .isEmpty();
        assertThat(tracer.postrouting(WEB.withOutInterface("eth0"))
                        .packet()
                        .source()
                        .getHostAddress())
                .isEqualTo("198.51.100.2");
        Packet shared = tracer.postrouting(WEB.withOutInterface("eth1")).packet();
        assertThat(shared.source().getHostAddress()).isEqualTo("203.0.113.7");
        assertThat(shared.sourcePort()).isBetween(5000, 5009);
        Packet own = tracer.output(WEB).packet();
        assertThat(own.destination().getHostAddress()).isEqualTo("127.0.0.1");
        assertThat(own.destinationPort()).isEqualTo(3128);
    }

    @Test
    void judgesAFlowByItsOriginalDestination() {
        RulesetTracer tracer =
                parse("*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p tcp -m conntrack --ctstate NEW,ESTABLISHED"
                        + " --ctorigdst 203.0.113.10 --ctorigdstport 443 --ctdir ORIGINAL -j ACCEPT\nCOMMIT\n");
        Packet behind = Packet.tcp("10.200.0.2", 40000, "198.51.100.9", 8443);
        assertThat(tracer.forward(behind).verdict()).isEqualTo(Verdict.DROP);
        Packet translated = behind.withOriginalDestination("203.0.113.10", 443);
        assertThat(tracer.forward(translated).verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.forward(translated.reply()).verdict()).isEqualTo(Verdict.DROP);
        assertThat(tracer.forward(translated.reply().reply()).verdict()).isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void goesByMarksFlagsOwnersAndTypes() {
        RulesetTracer tracer = parse(
                        """
                *mangle
                -A OUTPUT -m owner --uid-owner 1000-1999 -j MARK --set-xmark 0x10/0xf0
                COMMIT
                *filter
                :OUTPUT DROP [0:0]
                -A OUTPUT -m mark --mark 0x10/0xf0 -j ACCEPT
                -A OUTPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN -m addrtype --dst-type LOCAL -j ACCEPT
                COMMIT
                """)
                .withAddress("eth0", "203.0.113.10");
        assertThat(tracer.output(WEB.withOwner(1000, 0)).packet().mark()).isEqualTo(0x10);
        assertThat(tracer.output(WEB.withOwner(1000, 0)).verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.output(WEB.withOwner(2000, 0)).verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.output(WEB.withFlags(TcpFlag.SYN, TcpFlag.ACK)).verdict())
                .isEqualTo(Verdict.DROP);
        assertThat(tracer.output(Packet.tcp("10.200.0.2", 1, "203.0.113.11", 443))
                        .verdict())
                .isEqualTo(Verdict.DROP);
    }

    @Test
    void limitsByTheCallersClock() {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
        RulesetTracer tracer = parse(
                        "*filter\n:INPUT DROP [0:0]\n-A INPUT -m limit --limit 1/sec --limit-burst 2 -j ACCEPT\nCOMMIT\n")
                .withClock(now::get);
        assertThat(tracer.input(WEB).verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.input(WEB).verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.input(WEB).verdict()).isEqualTo(Verdict.DROP);
        now.updateAndGet(time -> time.plus(Duration.ofSeconds(1)));
        assertThat(tracer.input(WEB).verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.input(WEB).verdict()).isEqualTo(Verdict.DROP);
    }

    @Test
    void looksIntoSets() {
        RulesetTracer tracer = parse(
                        "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m set --match-set open dst,dst -j ACCEPT\nCOMMIT\n")
                .withSets("create open hash:ip,port family inet hashsize 1024 maxelem 65536\n"
                        + "add open 203.0.113.10,tcp:443\n");
        assertThat(tracer.forward(WEB).verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.forward(Packet.udp("10.200.0.2", 1, "203.0.113.10", 443))
                        .verdict())
                .isEqualTo(Verdict.DROP);
    }

    @Test
    void readsIpv6() {
        RulesetTracer tracer = RulesetTracer.parse(
                Family.IPV6,
                "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -d 2001:db8::/32 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT\n"
                        + "-A FORWARD -j REJECT --reject-with icmp6-adm-prohibited\nCOMMIT\n");
        assertThat(tracer.forward(Packet.icmp("2001:db8::1", "2001:db8::2")).verdict())
                .isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.forward(Packet.tcp("2001:db8::1", 1, "2001:db8::2", 2))
                        .rejectedWith())
                .contains("icmp6-adm-prohibited");
        assertThatIllegalArgumentException().isThrownBy(() -> tracer.forward(WEB));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-A INPUT -m recent --name x -j DROP|recent",
                "-A INPUT -j TPROXY --on-port 5|TPROXY",
                "-A INPUT -m tcp --dport 5 -j DROP|-m tcp",
                "-A INPUT -p tcp --no-such 5 -j DROP|--no-such",
                "-A NOCHAIN -j DROP|NOCHAIN",
                "-A INPUT -j nochain|nochain",
                "-A INPUT -s example.com -j DROP|example.com",
            })
    void namesTheWordAndTheLine(String ruleAndToken) {
        String[] parts = ruleAndToken.split("\\|");
        assertThatThrownBy(() -> parse("# a comment\n*filter\n" + parts[0] + "\nCOMMIT\n"))
                .isInstanceOfSatisfying(UnsupportedRuleException.class, e -> {
                    assertThat(e.token()).isEqualTo(parts[1]);
                    assertThat(e.line()).isEqualTo(3);
                    assertThat(e).hasMessageContaining(parts[1]).hasMessageContaining("line 3");
                });
    }

    @Test
    void keepsNoTraceOfThePacketBefore() {
        RulesetTracer tracer = parse("*raw\n-A PREROUTING -p udp -j NOTRACK\nCOMMIT\n"
                + "*mangle\n-A PREROUTING -m conntrack --ctstate UNTRACKED -j DROP\nCOMMIT\n");
        assertThat(tracer.prerouting(Packet.udp("10.200.0.2", 1, "10.43.0.10", 53))
                        .verdict())
                .isEqualTo(Verdict.DROP);
        assertThat(tracer.prerouting(WEB).verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.prerouting(WEB.withState(ConnState.UNTRACKED)).verdict())
                .isEqualTo(Verdict.DROP);
    }

    @Test
    void readsAnyDepthOfJumps() {
        StringBuilder text = new StringBuilder("*filter\n");
        int depth = 20_000;
        for (int i = 0; i < depth; i++) {
            text.append(":c").append(i).append(" - [0:0]\n");
        }
        for (int i = 0; i + 1 < depth; i++) {
            text.append("-A c").append(i).append(" -j c").append(i + 1).append('\n');
        }
        text.append("-A c").append(depth - 1).append(" -j DROP\n-A INPUT -j c0\nCOMMIT\n");
        Trace trace = parse(text.toString()).input(WEB);
        assertThat(trace.verdict()).isEqualTo(Verdict.DROP);
        assertThat(trace.rules()).hasSize(depth + 1);
    }

    @Test
    void saysWhichSetIsMissing() {
        RulesetTracer tracer = parse("*filter\n-A INPUT -m set --match-set nope src -j DROP\nCOMMIT\n");
        assertThatThrownBy(() -> tracer.input(WEB))
                .isInstanceOfSatisfying(UnsupportedRuleException.class, e -> assertThat(e.token())
                        .isEqualTo("nope"));
    }

    @Test
    void knowsABroadcastAddressByItsNetwork() {
        RulesetTracer tracer = parse("*filter\n-A INPUT -m addrtype --dst-type BROADCAST -j DROP\nCOMMIT\n");
        Packet all = Packet.udp("10.200.1.9", 67, "10.200.1.255", 68);
        assertThat(tracer.input(all).verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(tracer.withAddress("eth0", "10.200.1.1/24").input(all).verdict())
                .isEqualTo(Verdict.DROP);
    }

    @Test
    void anErrorGoesAgainstWhatItQuotes() {
        RulesetTracer tracer = parse("*filter\n-A INPUT -m conntrack --ctstate RELATED --ctorigdst 203.0.113.10"
                + " --ctdir REPLY -j DROP\nCOMMIT\n");
        Packet sent = Packet.of(Flow.parse("tcp:203.0.113.10:443"), "10.200.0.2");
        assertThat(tracer.input(Packet.icmpError("203.0.113.1", "10.200.0.2", 3, 1, sent))
                        .verdict())
                .isEqualTo(Verdict.DROP);
        assertThat(tracer.input(Packet.icmpError("203.0.113.1", "203.0.113.10", 3, 1, sent.reply()))
                        .verdict())
                .isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void aFlowIsItsFirstPacket() {
        assertThat(Packet.of(Flow.parse("tcp:203.0.113.10:443"), "10.200.0.2"))
                .isEqualTo(Packet.tcp("10.200.0.2", 40000, "203.0.113.10", 443));
        assertThat(Packet.of(Flow.parse("udp:[2001:db8::53]:53"), "2001:db8::2"))
                .isEqualTo(Packet.udp("2001:db8::2", 40000, "2001:db8::53", 53));
        assertThat(Packet.of(Flow.parse("sctp:203.0.113.10:9"), "10.200.0.2"))
                .isEqualTo(Packet.sctp("10.200.0.2", 40000, "203.0.113.10", 9));
        assertThat(Packet.of(Flow.parse("icmp:203.0.113.10"), "10.200.0.2"))
                .isEqualTo(Packet.icmp("10.200.0.2", "203.0.113.10"));
        assertThat(Packet.of(Flow.parse("ipv6-icmp:2001:db8::1"), "2001:db8::2"))
                .isEqualTo(Packet.icmp("2001:db8::2", "2001:db8::1"));
        assertThat(Packet.of(Flow.parse("gre:203.0.113.10"), "10.200.0.2"))
                .isEqualTo(Packet.of(47, "10.200.0.2", "203.0.113.10"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Packet.of(Flow.parse("tcp:db.internal:5432"), "10.200.0.2"))
                .withMessageContaining("db.internal");
    }

    @Test
    void refusesPacketsThatCannotBe() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Packet.udp("10.200.0.2", 1, "10.43.0.10", 53).withFlags(TcpFlag.SYN));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Packet.icmpError("10.200.0.2", "10.43.0.10", 8, 0, WEB))
                .withMessageContaining("8");
        assertThatIllegalArgumentException().isThrownBy(() -> WEB.withInInterface("eth+"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WEB.withFlags(TcpFlag.RST).reply());
        assertThatIllegalArgumentException().isThrownBy(() -> Packet.tcp("10.200.0.2", 1, "2001:db8::1", 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Packet.tcp("10.200.0.2", 1, "10.43.0.10", 70000))
                .withMessageContaining("70000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Packet.tcp("nowhere", 1, "10.43.0.10", 7))
                .withMessageContaining("nowhere");
    }
}
