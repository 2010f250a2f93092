package dev.openshell.netns.linux.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.Limits;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IptablesCompilerTest {
    private static final VethPair IPV4_ONLY = VethPair.builder()
            .hostInterface("osh-abcd1234")
            .network(Cidr.parse("10.200.0.4/30"))
            .build();
    private static final VethPair BOTH = VethPair.builder()
            .from(IPV4_ONLY)
            .network6(Cidr.parse("fd00:1:2::/126"))
            .build();
    private static final Rule PROXY = rule(Rule.Kind.PROXY, Protocol.TCP, "10.200.0.5", 3128, "proxy(3128)");
    private static final Rule DNS = rule(Rule.Kind.DNS, Protocol.UDP, "10.43.0.10", 53, "allowDns(\"10.43.0.10\")");
    private static final Rule DIRECT =
            rule(Rule.Kind.DIRECT, Protocol.TCP, "203.0.113.10", 443, "directTcp(\"a.example\")");
    private static final Rule DIRECT6 =
            rule(Rule.Kind.DIRECT, Protocol.TCP, "2001:db8::10", 443, "directTcp(\"a.example\")");

    private final IptablesCompiler compiler = new IptablesCompiler();

    private static Rule rule(Rule.Kind kind, Protocol protocol, String address, int port, String origin) {
        return Rule.of(kind, protocol, InetAddresses.forString(address), port, origin);
    }

    @Test
    void theSandboxRefusesAllButWhatIsListed() {
        RuleSet rules = RuleSet.of(BOTH, List.of(DIRECT6, DIRECT, DNS, PROXY));
        assertThat(compiler.sandbox(rules, Family.IPV4))
                .isEqualTo(
                        """
                *filter
                :INPUT DROP [0:0]
                :FORWARD DROP [0:0]
                :OUTPUT DROP [0:0]
                -A INPUT -i lo -j ACCEPT
                -A INPUT -i eth0 -m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY -j ACCEPT
                -A INPUT -j DROP
                -A FORWARD -j DROP
                -A OUTPUT -o lo -j ACCEPT
                -A OUTPUT -d 10.200.0.5/32 -o eth0 -p tcp -m tcp --dport 3128 -m comment --comment "proxy(3128)" -j ACCEPT
                -A OUTPUT -d 10.43.0.10/32 -o eth0 -p udp -m udp --dport 53 -m comment --comment "allowDns(10.43.0.10)" -j ACCEPT
                -A OUTPUT -d 203.0.113.10/32 -o eth0 -p tcp -m tcp --dport 443 -m comment --comment "directTcp(a.example)" -j ACCEPT
                -A OUTPUT -p tcp -j REJECT --reject-with tcp-reset
                -A OUTPUT -j REJECT --reject-with icmp-port-unreachable
                COMMIT
                """);
        assertThat(compiler.sandbox(rules, Family.IPV6))
                .contains(
                        """
                -A OUTPUT -o lo -j ACCEPT
                -A OUTPUT -d 2001:db8::10/128 -o eth0 -p tcp -m tcp --dport 443 -m comment --comment "directTcp(a.example)" -j ACCEPT
                -A OUTPUT -p tcp -j REJECT --reject-with tcp-reset
                -A OUTPUT -j REJECT --reject-with icmp6-port-unreachable
                """);
    }

    @Test
    void anEmptyPolicyAllowsOnlyLoopback() {
        RuleSet none = RuleSet.of(IPV4_ONLY, List.of());
        for (Family family : Family.values()) {
            assertThat(compiler.sandbox(none, family).lines())
                    .filteredOn(line -> line.startsWith("-A OUTPUT") && line.endsWith("ACCEPT"))
                    .containsExactly("-A OUTPUT -o lo -j ACCEPT");
        }
        assertThat(compiler.sandbox(none, Family.IPV6)).doesNotContain("eth0");
        assertThat(compiler.host(none, Family.IPV6)).isEmpty();
    }

    @Test
    void theHostJudgesEveryPacketByItsFlowsOriginalTuple() {
        assertThat(compiler.host(RuleSet.of(IPV4_ONLY, List.of(DIRECT, PROXY)), Family.IPV4))
                .isEqualTo(
                        """
                *raw
                -I OPENSHELL-SOURCE 1 -s 10.200.0.6/32 -i osh-abcd1234 -j RETURN
                COMMIT
                *nat
                :osh-abcd1234-nat - [0:0]
                -A osh-abcd1234-nat -m conntrack --ctproto 6 --ctorigsrc 10.200.0.6 --ctorigdst 203.0.113.10 --ctorigdstport 443 -m comment --comment "directTcp(a.example)" -j MASQUERADE
                -A OPENSHELL-POSTROUTING -s 10.200.0.6/32 -j osh-abcd1234-nat
                COMMIT
                *filter
                :osh-abcd1234-from - [0:0]
                :osh-abcd1234-local - [0:0]
                :osh-abcd1234-to - [0:0]
                -A osh-abcd1234-from -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
                -A osh-abcd1234-local -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
                -A osh-abcd1234-local -d 10.200.0.5/32 -p tcp -m tcp --dport 3128 -m conntrack --ctstate NEW,ESTABLISHED --ctproto 6 --ctorigsrc 10.200.0.6 --ctorigdst 10.200.0.5 --ctorigdstport 3128 --ctdir ORIGINAL -m comment --comment "proxy(3128)" -j ACCEPT
                -A osh-abcd1234-from -p tcp -m conntrack --ctstate NEW,ESTABLISHED --ctproto 6 --ctorigsrc 10.200.0.6 --ctorigdst 203.0.113.10 --ctorigdstport 443 --ctdir ORIGINAL -m comment --comment "directTcp(a.example)" -j ACCEPT
                -A osh-abcd1234-to -m conntrack --ctstate RELATED,ESTABLISHED --ctproto 6 --ctorigsrc 10.200.0.6 --ctorigdst 10.200.0.5 --ctorigdstport 3128 --ctdir REPLY -m comment --comment "proxy(3128)" -j ACCEPT
                -A osh-abcd1234-to -m conntrack --ctstate RELATED,ESTABLISHED --ctproto 6 --ctorigsrc 10.200.0.6 --ctorigdst 203.0.113.10 --ctorigdstport 443 --ctdir REPLY -m comment --comment "directTcp(a.example)" -j ACCEPT
                -A OPENSHELL-FROM -s 10.200.0.6/32 -i osh-abcd1234 -j osh-abcd1234-from
                -A OPENSHELL-LOCAL -s 10.200.0.6/32 -i osh-abcd1234 -j osh-abcd1234-local
                -A OPENSHELL-TO -d 10.200.0.6/32 -o osh-abcd1234 -j osh-abcd1234-to
                COMMIT
                """);
    }

    private static RuleSet limited(Limits limits, Rule... rules) {
        return RuleSet.of(BOTH, List.of(rules), limits);
    }

    /** Returns the rules of the text that limit, without what is in all of them. */
    private static List<String> limits(String text) {
        return text.lines()
                .filter(line -> line.contains("limit"))
                .map(line -> line.replace(
                        " --hashlimit-htable-size 256 --hashlimit-htable-max 16384 --hashlimit-htable-gcinterval 10000"
                                + " --hashlimit-htable-expire 10000",
                        ""))
                .toList();
    }

    @Test
    void theHostLimitsEachEndpointBeforeAnyPermission() {
        String host = compiler.host(limited(Limits.DEFAULT, DIRECT, PROXY, DIRECT6), Family.IPV4);
        assertThat(host)
                .contains(
                        """
                -A osh-abcd1234-from -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
                -A osh-abcd1234-from -m conntrack --ctstate NEW -m hashlimit --hashlimit-above 256/sec --hashlimit-burst 512 --hashlimit-mode dstip,dstport --hashlimit-name osh-abcd1234-256 --hashlimit-htable-size 256 --hashlimit-htable-max 16384 --hashlimit-htable-gcinterval 10000 --hashlimit-htable-expire 10000 -m comment --comment "maxConnectionsPerSecond(256)" -j DROP
                -A osh-abcd1234-from -m conntrack --ctstate NEW -m connlimit --connlimit-above 1024 --connlimit-mask 32 --connlimit-daddr -m comment --comment "maxConnections(1024)" -j DROP
                -A osh-abcd1234-local -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
                -A osh-abcd1234-local -m conntrack --ctstate NEW -m hashlimit --hashlimit-above 256/sec --hashlimit-burst 512 --hashlimit-mode dstip,dstport --hashlimit-name osh-abcd1234-256 --hashlimit-htable-size 256 --hashlimit-htable-max 16384 --hashlimit-htable-gcinterval 10000 --hashlimit-htable-expire 10000 -m comment --comment "maxConnectionsPerSecond(256)" -j DROP
                -A osh-abcd1234-local -m conntrack --ctstate NEW -m connlimit --connlimit-above 1024 --connlimit-mask 32 --connlimit-daddr -m comment --comment "maxConnections(1024)" -j DROP
                -A osh-abcd1234-local -d 10.200.0.5/32""");
        assertThat(compiler.host(limited(Limits.DEFAULT, DIRECT6), Family.IPV6))
                .contains("--connlimit-above 1024 --connlimit-mask 128 --connlimit-daddr");
    }

    private static Rule[] hosts(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> Rule.of(
                        Rule.Kind.DIRECT, Protocol.TCP, InetAddresses.forString("203.0.113." + i), 443, "directTcp(x)"))
                .toArray(Rule[]::new);
    }

    @Test
    void theHostLimitsManyEndpointsTogether() {
        assertThat(limits(compiler.host(limited(Limits.DEFAULT, hosts(4)), Family.IPV4)))
                .noneMatch(line -> line.contains("-all-") || line.contains("--connlimit-saddr"));
        assertThat(limits(compiler.host(limited(Limits.DEFAULT, hosts(5)), Family.IPV4)))
                .contains("-A osh-abcd1234-from -m conntrack --ctstate NEW -m hashlimit --hashlimit-above 1024/sec"
                        + " --hashlimit-burst 2048 --hashlimit-name osh-abcd1234-all-1024 -m comment --comment"
                        + " \"maxConnectionsPerSecond(256)\" -j DROP");
        assertThat(limits(compiler.host(limited(Limits.DEFAULT, hosts(17)), Family.IPV4)))
                .contains("-A osh-abcd1234-local -m conntrack --ctstate NEW -m connlimit --connlimit-above 16384"
                        + " --connlimit-mask 0 --connlimit-saddr -m comment --comment"
                        + " \"maxConnections(1024)\" -j DROP");
        assertThat(limits(compiler.sandbox(limited(Limits.DEFAULT, hosts(17)), Family.IPV4)))
                .anyMatch(line -> line.contains("--hashlimit-above 2044/sec"))
                .anyMatch(line -> line.contains("--connlimit-above 32768 "));
    }

    @Test
    void theSandboxLimitsAllTogetherTwiceAsWide() {
        assertThat(limits(compiler.sandbox(limited(Limits.DEFAULT, DIRECT, DNS, PROXY), Family.IPV4)))
                .containsExactly(
                        "-A OUTPUT -o eth0 -m conntrack --ctstate NEW -m hashlimit --hashlimit-above 1536/sec"
                                + " --hashlimit-burst 3072 --hashlimit-name inside-1536 -m comment --comment"
                                + " \"maxConnectionsPerSecond(256)\" -j DROP",
                        "-A OUTPUT -o eth0 -m conntrack --ctstate NEW -m connlimit --connlimit-above 6144"
                                + " --connlimit-mask 0 --connlimit-saddr -m comment --comment"
                                + " \"maxConnections(1024)\" -j DROP");
        // Where nothing is allowed it is refused, not dropped.
        assertThat(limits(compiler.sandbox(limited(Limits.DEFAULT, DIRECT), Family.IPV6)))
                .isEmpty();
    }

    @Test
    void withoutLimitsThereAreNoSuchRules() {
        for (Family family : Family.values()) {
            RuleSet rules = limited(Limits.NONE, DIRECT, PROXY, DIRECT6);
            assertThat(limits(compiler.host(rules, family) + compiler.sandbox(rules, family)))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1/sec --hashlimit-burst 2, 4/sec --hashlimit-burst 8",
        "999, 999/sec --hashlimit-burst 1998, 3984/sec --hashlimit-burst 7968",
        "5000, 5000/sec --hashlimit-burst 10000, 10000/sec --hashlimit-burst 20000",
        "9999, 9900/sec --hashlimit-burst 19800, 19607/sec --hashlimit-burst 39214",
        "999999, 500000/sec --hashlimit-burst 1000000, 1000000/sec --hashlimit-burst 1000000",
        "1000000, 1000000/sec --hashlimit-burst 1000000, 1000000/sec --hashlimit-burst 1000000"
    })
    void aRateIsOneThatTheKernelCanCount(int asked, String host, String inside) {
        Limits limits = NetnsSandbox.builder()
                .unlimited()
                .maxConnectionsPerSecond(asked)
                .policy()
                .limits();
        RuleSet rules = limited(limits, DIRECT, DNS);
        assertThat(limits(compiler.host(rules, Family.IPV4)))
                .allMatch(line -> line.contains("--hashlimit-above " + host + " "))
                .allMatch(line -> line.contains("\"maxConnectionsPerSecond(" + asked + ")\""));
        assertThat(limits(compiler.sandbox(rules, Family.IPV4)))
                .singleElement()
                .asString()
                .contains("--hashlimit-above " + inside + " ");
    }

    @Test
    void theSandboxNeverLimitsOneEndpointMoreThanTheHost() {
        Limits limits = NetnsSandbox.builder()
                .unlimited()
                .maxConnections(1_000_000)
                .policy()
                .limits();
        assertThat(limits(compiler.sandbox(limited(limits, DIRECT, DNS), Family.IPV4)))
                .singleElement()
                .asString()
                .contains("--connlimit-above 2000000 ");
    }

    @Test
    void aProxyIsNeverForwardedOrMasqueraded() {
        String host = compiler.host(RuleSet.of(IPV4_ONLY, List.of(PROXY)), Family.IPV4);
        assertThat(host).doesNotContain("MASQUERADE", "*nat", "-from -p tcp -m conntrack --ctstate NEW,ESTABLISHED");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\" -j ACCEPT\n-A OUTPUT -j ACCEPT",
                "a\nCOMMIT",
                "a\\\" b",
                "a\u0000b",
                "$(id)",
                "`id`",
                "ä",
                "a'b",
                "\t",
                "%s",
                "!",
                "#"
            })
    void noTextOfACallersMakesAToken(String origin) {
        Rule hostile = rule(Rule.Kind.DIRECT, Protocol.TCP, "203.0.113.10", 443, origin);
        RuleSet rules = RuleSet.of(IPV4_ONLY, List.of(hostile));
        String text = compiler.sandbox(rules, Family.IPV4);
        assertThat(text.lines())
                .hasSize(compiler.sandbox(RuleSet.of(IPV4_ONLY, List.of(DIRECT)), Family.IPV4)
                        .lines()
                        .toList()
                        .size());
        assertThat(text.lines())
                .filteredOn(line -> line.contains("203.0.113.10"))
                .singleElement()
                .asString()
                .matches("-A OUTPUT -d 203.0.113.10/32 -o eth0 -p tcp -m tcp --dport 443"
                        + "( -m comment --comment (\"[A-Za-z0-9._:,()/ -]+\"|[A-Za-z0-9_-]+))? -j ACCEPT");
    }

    @Test
    void commentsAreCut() {
        Rule longOne = rule(Rule.Kind.DIRECT, Protocol.TCP, "203.0.113.10", 443, "x".repeat(5000));
        assertThat(compiler.sandbox(RuleSet.of(IPV4_ONLY, List.of(longOne)), Family.IPV4))
                .contains(" --comment " + "x".repeat(200) + " -j ACCEPT");
    }

    @ParameterizedTest
    @ValueSource(strings = {"eth0 -j", "eth0\n", "", "\"eth0\"", "eth0;"})
    void unsafeTokensAreRefused(String token) {
        assertThatThrownBy(() -> Line.in("INPUT").incoming(token)).isInstanceOf(IllegalArgumentException.class);
    }
}
