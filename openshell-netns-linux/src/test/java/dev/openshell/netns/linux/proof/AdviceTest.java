package dev.openshell.netns.linux.proof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Explanation;
import dev.openshell.netns.NetnsSandbox;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class AdviceTest {
    private static final Pattern CALL = Pattern.compile("(\\w+)\\((?:\"([^\"]+)\")?(?:, )?(\\d+)?\\)");

    private static NetnsSandbox.Builder some() {
        return NetnsSandbox.builder().proxy(3128).allowDns("10.43.0.10").directTcp("203.0.113.10");
    }

    static List<Supplier<NetnsSandbox.Builder>> policies() {
        return List.of(NetnsSandbox::builder, AdviceTest::some, () -> some().directTcp("[2001:db8::10]:443")
                .directTcp("db.internal", 5432));
    }

    /** What the advice says is done, each of its calls by itself, and allows the flow. */
    @ParameterizedTest
    @MethodSource("policies")
    void whatIsAdvisedHelps(Supplier<NetnsSandbox.Builder> policy) {
        List<String> flows = new ArrayList<>();
        for (String host :
                List.of("203.0.113.66", "10.1.2.3", "[2001:db8::66]", "[fd00::66]", "db.internal", "other.example")) {
            for (int port : List.of(1, 22, 53, 80, 443, 853, 5433, 65535)) {
                flows.add("tcp:" + host + ":" + port);
            }
            flows.add("udp:" + host + ":53");
        }
        flows.addAll(List.of("tcp:10.200.0.1:22", "tcp:10.200.0.1:53", "tcp:10.200.0.1:443"));
        for (String flow : flows) {
            Explanation.Way before = Explained.of(policy.get()).way(flow);
            assertThat(before.allowed()).as(flow).isFalse();
            Matcher calls = CALL.matcher(before.advice().replaceAll(" in place of .*", ""));
            int found = 0;
            for (; calls.find(); found++) {
                Explained after = Explained.of(apply(policy.get(), calls));
                assertThat(after.way(flow).allowed())
                        .as(flow + " after " + calls.group())
                        .isTrue();
                assertThat(after.way(flow).origin().orElse("")).as(flow).contains(calls.group());
            }
            assertThat(found).as(before.advice()).isPositive();
        }
    }

    private static NetnsSandbox.Builder apply(NetnsSandbox.Builder builder, Matcher call) {
        String host = call.group(2);
        return switch (call.group(1)) {
            case "directTcp" ->
                call.group(3) == null
                        ? builder.directTcp(host)
                        : builder.directTcp(host, Integer.parseInt(call.group(3)));
            case "allowDns" -> builder.allowDns(host);
            case "proxy" -> builder.proxy(Integer.parseInt(call.group(3)));
            default -> throw new AssertionError(call.group());
        };
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tcp:203.0.113.11:443       | directTcp(\"203.0.113.11\")",
                "tcp:203.0.113.10:80        | directTcp(\"203.0.113.10\", 80)",
                "tcp:other.example:443      | directTcp(\"other.example\")",
                "tcp:Other.Example:8443     | directTcp(\"other.example\", 8443)",
                "tcp:[2001:db8::10]:443     | directTcp(\"2001:db8::10\")",
                "tcp:203.0.113.11:53        | allowDns(\"203.0.113.11\") or directTcp(\"203.0.113.11\", 53)",
                "tcp:other.example:53       | allowDns(\"203.0.113.77\") or directTcp(\"other.example\", 53)",
                "udp:10.43.0.11:53          | allowDns(\"10.43.0.11\")",
                "udp:other.example:53       | allowDns(\"203.0.113.77\")",
                "tcp:10.200.0.1:8080        | proxy(8080) in place of proxy(3128)",
                "udp:203.0.113.10:443       | nothing can: UDP is opened for DNS alone, on port 53",
                "icmp:203.0.113.10          | nothing can: only TCP is opened, and UDP for DNS",
                "icmpv6:[2001:db8::10]      | nothing can: only TCP is opened, and UDP for DNS",
                "sctp:203.0.113.10:443      | nothing can: only TCP is opened, and UDP for DNS",
                "gre:203.0.113.10           | nothing can: only TCP is opened, and UDP for DNS",
                "tcp:203.0.113.10:0         | nothing can: port 0 is on no list",
                "udp:203.0.113.10:0         | nothing can: port 0 is on no list",
                "tcp:169.254.169.254:80     | nothing can: 169.254.169.254 is a link-local address",
                "tcp:100.100.100.200:80     | nothing can: 100.100.100.200 is a metadata address",
                "tcp:[fd00:ec2::254]:80     | nothing can: fd00:ec2::254 is a metadata address",
                "tcp:224.0.0.1:443          | nothing can: 224.0.0.1 is a multicast address",
                "udp:[ff02::fb]:5353        | nothing can: ff02::fb is a multicast address",
                "tcp:[fe80::1]:443          | nothing can: fe80::1 is a link-local address",
                "tcp:0.0.0.0:443            | nothing can: 0.0.0.0 is an unspecified address",
                "tcp:255.255.255.255:443    | nothing can: 255.255.255.255 is a reserved address",
                "tcp:10.200.0.3:443         | nothing can: 10.200.0.3 is nobody's on the sandbox's own link",
            })
    void eachDenialHasItsAdvice(String flow, String advice) {
        assertThat(Explained.of(some()).way(flow).advice()).isEqualTo(advice);
    }

    @ParameterizedTest
    @CsvSource({
        "udp:10.200.0.1:3128",
        "icmp:10.200.0.1",
        "tcp:10.200.0.1:0",
        "tcp:198.51.100.2:3128",
        "udp:198.51.100.2:53",
        "tcp:[2001:db8:1::2]:443",
    })
    void ofTheHostItselfOnlyTheProxyCanBeReached(String flow) {
        assertThat(Explained.of(some()).way(flow).advice())
                .isEqualTo("nothing can: of the host itself a sandbox reaches the proxy's port on its link alone");
    }

    @ParameterizedTest
    @CsvSource({"tcp:10.200.0.1:8080, proxy(8080)", "tcp:10.200.0.1:53, proxy(53)"})
    void aPolicyWithoutAProxyGetsOne(String flow, String advice) {
        assertThat(Explained.of(NetnsSandbox.builder()).way(flow).advice()).isEqualTo(advice);
    }
}
