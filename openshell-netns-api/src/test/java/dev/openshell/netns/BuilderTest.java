package dev.openshell.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BuilderTest {
    private static NetnsSandbox.Builder builder() {
        return NetnsSandbox.builder();
    }

    @Test
    void buildsAPolicy() {
        SandboxPolicy policy = builder()
                .name("agent-1")
                .named()
                .proxy(3128)
                .allowDns("10.43.0.10", "2001:db8::53")
                .directTcp("wss-primary.slack.com")
                .directTcp("db.internal", 5432, 5433)
                .directTcp(DirectHost.of("203.0.113.10"))
                .publicOnly()
                .linkPool("172.20.0.0/24")
                .timeout(Duration.ofSeconds(5))
                .policy();

        assertThat(policy.name()).contains("agent-1");
        assertThat(policy.named()).isTrue();
        assertThat(policy.proxyPort()).hasValue(3128);
        assertThat(policy.dnsServers())
                .extracting(server -> server.address().getHostAddress())
                .containsExactly("10.43.0.10", "2001:db8:0:0:0:0:0:53");
        assertThat(policy.directHosts())
                .extracting(DirectHost::toString)
                .containsExactly("203.0.113.10:443", "db.internal:5432,5433", "wss-primary.slack.com:443");
        assertThat(policy.publicOnly()).isTrue();
        assertThat(policy.linkPool()).hasToString("172.20.0.0/24");
        assertThat(policy.timeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(policy.toBuilder().policy()).isEqualTo(policy);
        assertThat(policy.toBuilder().proxy(3129).policy()).isNotEqualTo(policy);
    }

    @Test
    void limitsAreOnUnlessSwitchedOff() {
        assertThat(builder().policy().limits()).isEqualTo(Limits.DEFAULT);
        assertThat(Limits.DEFAULT.connections()).hasValue(1024);
        assertThat(Limits.DEFAULT.connectionsPerSecond()).hasValue(256);
        Limits given = builder()
                .maxConnectionsPerSecond(10)
                .maxConnections(20)
                .policy()
                .limits();
        assertThat(given.connections()).hasValue(20);
        assertThat(given.connectionsPerSecond()).hasValue(10);
        assertThat(builder().maxConnections(20).policy().limits().connectionsPerSecond())
                .hasValue(256);
        assertThat(builder().maxConnections(20).unlimited().policy().limits()).isEqualTo(Limits.NONE);
        assertThat(builder().unlimited().maxConnections(20).policy().limits().connectionsPerSecond())
                .isEmpty();
        assertThat(builder().unlimited().policy()).isNotEqualTo(builder().policy());
        assertThat(builder().maxConnections(1_000_000).policy().toBuilder()
                        .policy()
                        .limits()
                        .connections())
                .hasValue(1_000_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1_000_001, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void limitsOutOfRangeAreRefused(int most) {
        assertThatThrownBy(() -> builder().maxConnections(most))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "maxConnections " + most + " is out of range; give 1 to 1000000, or unlimited() for no limit");
        assertThatThrownBy(() -> builder().maxConnectionsPerSecond(most))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("maxConnectionsPerSecond " + most + " is out of range; ");
    }

    @Test
    void orderNeverMatters() {
        List<UnaryOperator<NetnsSandbox.Builder>> calls = new ArrayList<>(List.of(
                b -> b.proxy(3128),
                b -> b.allowDns("10.43.0.10"),
                b -> b.allowDns("10.43.0.11", "10.43.0.10"),
                b -> b.directTcp("a.example"),
                b -> b.directTcp("b.example", 5432),
                b -> b.directTcp("A.example", 80),
                b -> b.directTcp("203.0.113.10"),
                b -> b.fromEnvironment(Map.of(
                        "OPENSHELL_DNS_SERVER", "10.43.0.12", "OPENSHELL_DIRECT_TCP_HOSTS", "c.example, a.example:81")),
                NetnsSandbox.Builder::publicOnly,
                b -> b.name("x")));
        SandboxPolicy expected = null;
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            Collections.shuffle(calls, random);
            NetnsSandbox.Builder builder = builder();
            calls.forEach(call -> call.apply(builder));
            SandboxPolicy policy = builder.policy();
            expected = expected == null ? policy : expected;
            assertThat(policy).isEqualTo(expected);
            assertThat(policy.directHosts())
                    .extracting(DirectHost::origin)
                    .containsExactlyElementsOf(expected.directHosts().stream()
                            .map(DirectHost::origin)
                            .toList());
        }
        assertThat(expected.directHosts().get(1)).hasToString("a.example:80,81,443");
    }

    @Test
    void knowsWhereEachThingComesFrom() {
        SandboxPolicy policy = builder()
                .allowDns("10.43.0.10")
                .directTcp("db.internal", 5432)
                .fromEnvironment(
                        Map.of("OPENSHELL_DNS_SERVER", "10.43.0.11", "OPENSHELL_DIRECT_TCP_HOSTS", "db.internal:5433"))
                .policy();
        assertThat(policy.dnsServers())
                .extracting(DnsServer::origin)
                .containsExactly("allowDns(\"10.43.0.10\")", "OPENSHELL_DNS_SERVER");
        assertThat(policy.directHosts())
                .extracting(DirectHost::origin)
                .containsExactly("OPENSHELL_DIRECT_TCP_HOSTS + directTcp(\"db.internal\", 5432)");
    }

    @Test
    void readsTheEnvironment() {
        SandboxPolicy policy = builder()
                .fromEnvironment(Map.of(
                        "OPENSHELL_DNS_SERVER", " 10.43.0.10 ",
                        "OPENSHELL_DIRECT_TCP_HOSTS", "a.example, b.example:5432 ,[2001:db8::1]:80"))
                .policy();
        assertThat(policy.dnsServers()).hasSize(1);
        assertThat(policy.directHosts())
                .extracting(DirectHost::toString)
                .containsExactly("[2001:db8::1]:80", "a.example:443", "b.example:5432");
        assertThat(builder().fromEnvironment(Map.of()).policy())
                .isEqualTo(builder().policy());
        assertThat(builder()
                        .fromEnvironment(Map.of("OPENSHELL_DNS_SERVER", " ", "OPENSHELL_DIRECT_TCP_HOSTS", ""))
                        .policy())
                .isEqualTo(builder().policy());
    }

    @ParameterizedTest
    @ValueSource(strings = {",", "a.example,", ",a.example", "a.example,,b.example", "a.example:abc", "a.example:443:"})
    void aBadEnvironmentChangesNothingAndNamesTheVariable(String hosts) {
        NetnsSandbox.Builder builder = builder().proxy(1);
        SandboxPolicy before = builder.policy();
        assertThatThrownBy(() -> builder.fromEnvironment(
                        Map.of("OPENSHELL_DNS_SERVER", "10.43.0.10", "OPENSHELL_DIRECT_TCP_HOSTS", hosts)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("OPENSHELL_DIRECT_TCP_HOSTS");
        assertThat(builder.policy()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "dns.example", "10.43.0", "10.43.0.10:53", "[2001:db8::53]", "fe80::1", "fe80::1%eth0",
                        "127.0.0.53",
                "::1", "0.0.0.0", "::", "224.0.0.251", "ff02::fb", "169.254.169.253", "255.255.255.255", "10.43.0.10\n",
                "::ffff:127.0.0.1", " 10.43.0.10"
            })
    void refusesNameservers(String server) {
        assertThatThrownBy(() -> builder().allowDns(server)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().allowDns("10.43.0.10", server)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesEmptyArrays() {
        assertThatThrownBy(() -> builder().allowDns(new String[0])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().directTcp(new String[0])).isInstanceOf(IllegalArgumentException.class);
        assertThat(builder().allowDns(new String[] {"10.43.0.10"}).policy().dnsServers())
                .hasSize(1);
        assertThat(builder()
                        .directTcp(new String[] {"a.example", "b.example:1"})
                        .policy()
                        .directHosts())
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a b",
                "-a",
                ".a",
                "..",
                "a/b",
                "a\nb",
                "ä",
                "a;b",
                "$(id)",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void refusesNamespaceNames(String name) {
        assertThatThrownBy(() -> builder().name(name)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.200.0.0/31", "10.200.0.0/32", "203.0.113.0/24", "0.0.0.0/0", "172.0.0.0/8", "192.168.0.0/15",
                "fd00::/64", "127.0.0.0/8", "169.254.0.0/16", "10.200.0.1/16", "10.200.0.0", "x"
            })
    void refusesLinkPools(String pool) {
        assertThatThrownBy(() -> builder().linkPool(pool)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesDurations() {
        assertThatThrownBy(() -> builder().timeout(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().timeout(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().terminationGrace(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(builder().terminationGrace(Duration.ZERO).policy().terminationGrace())
                .isZero();
    }

    @Test
    void goesToTheGivenProviderAndFailsWithoutAny() {
        List<SandboxPolicy> applied = new ArrayList<>();
        NetnsProvider provider = policy -> {
            applied.add(policy);
            throw new NetnsException("step", "object", 1, "reason", "remedy", null);
        };
        assertThatThrownBy(() -> NetnsSandbox.builder(provider).proxy(1).apply())
                .isInstanceOfSatisfying(NetnsException.class, e -> {
                    assertThat(e.step()).isEqualTo("step");
                    assertThat(e.object()).isEqualTo("object");
                    assertThat(e.errno()).isEqualTo(1);
                    assertThat(e.remedy()).isEqualTo("remedy");
                    assertThat(e).hasMessage("step object: reason (remedy)");
                });
        assertThat(applied).containsExactly(builder().proxy(1).policy());
        assertThatThrownBy(() -> builder().apply())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("openshell-netns-linux");
    }

    @Test
    void ruleSetsHoldEachDestinationOnce() {
        VethPair veth = VethPair.builder()
                .hostInterface("osh-abcd1234")
                .network(Cidr.parse("10.200.0.4/30"))
                .build();
        Rule one = Rule.of(Rule.Kind.DIRECT, Protocol.TCP, veth.sandboxAddress(), 443, "b");
        Rule same = Rule.of(Rule.Kind.DIRECT, Protocol.TCP, veth.sandboxAddress(), 443, "a");
        assertThat(RuleSet.of(veth, List.of(one, same)).rules()).containsExactly(same);
        assertThat(veth.hostAddress()).hasToString("/10.200.0.5");
        assertThat(veth.sandboxAddress()).hasToString("/10.200.0.6");
        Rule ipv6 = Rule.of(
                Rule.Kind.DIRECT, Protocol.TCP, Cidr.parse("2001:db8::1/128").address(), 443, "c");
        assertThatThrownBy(() -> RuleSet.of(veth, List.of(ipv6))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> VethPair.builder()
                        .hostInterface("osh-abcdefghijkl")
                        .network(Cidr.parse("10.200.0.4/30"))
                        .build())
                .isInstanceOf(IllegalArgumentException.class);
    }
}
