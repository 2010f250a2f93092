package dev.openshell.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlowTest {
    @ParameterizedTest
    @CsvSource({
        "tcp:203.0.113.10:443, 6, 203.0.113.10, 443",
        "udp:10.43.0.10:53, 17, 10.43.0.10, 53",
        "udp:[2001:db8::53]:53, 17, 2001:db8::53, 53",
        "tcp:[2001:0DB8:0:0::0053]:53, 6, 2001:db8::53, 53",
        "tcp:db.internal:5432, 6, db.internal, 5432",
        "tcp:DB.Internal.:5432, 6, db.internal., 5432",
        "TCP:203.0.113.10:443, 6, 203.0.113.10, 443",
        "sctp:203.0.113.10:9, 132, 203.0.113.10, 9",
        "dccp:203.0.113.10:9, 33, 203.0.113.10, 9",
        "udplite:203.0.113.10:9, 136, 203.0.113.10, 9",
        "6:203.0.113.10:443, 6, 203.0.113.10, 443",
        "17:name:1, 17, name, 1",
        "tcp:203.0.113.10:0, 6, 203.0.113.10, 0",
        "tcp:203.0.113.10:65535, 6, 203.0.113.10, 65535",
        "tcp:127.0.0.1:80, 6, 127.0.0.1, 80",
        "tcp:[::ffff:203.0.113.10]:443, 6, 203.0.113.10, 443",
    })
    void readsFlowsWithPorts(String text, int protocol, String host, int port) {
        Flow flow = Flow.parse(text);
        assertThat(flow.protocol()).isEqualTo(protocol);
        assertThat(flow.host()).isEqualTo(host);
        assertThat(flow.port()).hasValue(port);
        assertThat(Flow.parse(flow.toString())).isEqualTo(flow).hasToString(flow.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "icmp:203.0.113.10, 1, 203.0.113.10, icmp:203.0.113.10",
        "icmp:db.internal, 1, db.internal, icmp:db.internal",
        "ipv6-icmp:[2001:db8::1], 58, 2001:db8::1, ipv6-icmp:[2001:db8::1]",
        "icmpv6:[2001:db8::1], 58, 2001:db8::1, ipv6-icmp:[2001:db8::1]",
        "icmpv6:2001:db8::1, 58, 2001:db8::1, ipv6-icmp:[2001:db8::1]",
        "gre:203.0.113.10, 47, 203.0.113.10, gre:203.0.113.10",
        "esp:203.0.113.10, 50, 203.0.113.10, esp:203.0.113.10",
        "ah:203.0.113.10, 51, 203.0.113.10, ah:203.0.113.10",
        "igmp:224.0.0.1, 2, 224.0.0.1, igmp:224.0.0.1",
        "0:203.0.113.10, 0, 203.0.113.10, 0:203.0.113.10",
        "253:203.0.113.10, 253, 203.0.113.10, 253:203.0.113.10",
        "255:[2001:db8::1], 255, 2001:db8::1, 255:[2001:db8::1]",
    })
    void readsFlowsWithoutPorts(String text, int protocol, String host, String shown) {
        Flow flow = Flow.parse(text);
        assertThat(flow.protocol()).isEqualTo(protocol);
        assertThat(flow.host()).isEqualTo(host);
        assertThat(flow.port()).isEmpty();
        assertThat(flow).hasToString(shown);
        assertThat(Flow.parse(shown)).isEqualTo(flow);
    }

    /** Each bad text, the part of it that is named, and the remedy. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                                 | ''                 | PROTOCOL:HOST:PORT",
                "203.0.113.10                       | 203.0.113.10       | PROTOCOL:HOST:PORT",
                "tcpp:203.0.113.10:443              | 'tcpp'             | tcp, udp, icmp or a number up to 255",
                "256:203.0.113.10                   | '256'              | a number up to 255",
                "-1:203.0.113.10                    | '-1'               | a number up to 255",
                "1000:203.0.113.10                  | '1000'             | a number up to 255",
                "'tcp :203.0.113.10:443'            | 'tcp '             | tcp, udp, icmp",
                ":203.0.113.10:443                  | ''                 | tcp, udp, icmp",
                "tcp:203.0.113.10                   | tcp has ports      | give one behind the host",
                "tcp:db.internal                    | tcp has ports      | give one behind the host",
                "sctp:[2001:db8::1]                 | sctp has ports     | give one behind the host",
                "6:203.0.113.10                     | tcp has ports      | give one behind the host",
                "tcp:                               | tcp has ports      | give one behind the host",
                "icmp:203.0.113.10:8                | icmp has no ports  | leave it out",
                "icmp:db.internal:8                 | icmp has no ports  | leave it out",
                "icmpv6:[2001:db8::1]:8             | ipv6-icmp has no ports | leave it out",
                "47:203.0.113.10:1                  | gre has no ports   | leave it out",
                "tcp:2001:db8::1:443                | IPv6 address       | in brackets",
                "tcp:2001:db8::1                    | IPv6 address       | in brackets",
                "tcp:[fe80::1%eth0]:443             | zone               | another namespace",
                "tcp:fe80::1%eth0:443               | IPv6 address       | in brackets",
                "tcp:10.43.0.10%eth0:443            | zone               | another namespace",
                "tcp:203.0.113.10:65536             | 65536              | ports are 1 to 65535",
                "tcp:203.0.113.10:443x              | '443x'             | ports are 1 to 65535",
                "tcp:203.0.113.10:-1                | '-1'               | ports are 1 to 65535",
                "tcp:203.0.113.10:                  | ''                 | ports are 1 to 65535",
                "'tcp:203.0.113.10: 443'            | ' 443'             | ports are 1 to 65535",
                "tcp::443                           | empty host         | give a DNS name or an address",
                "tcp:[203.0.113.10]:443             | [203.0.113.10]     | brackets are for IPv6",
                "tcp:[db.internal]:443              | [db.internal]      | brackets are for IPv6",
                "tcp:203.0.113:443                  | '203.0.113'        | is none",
                "tcp:203.0.113.256:443              | '203.0.113.256'    | is none",
                "tcp:203.0.113.0/24:443             | '203.0.113.0/24'   | labels are letters",
                "tcp:*.example:443                  | '*.example'        | list each name",
                "tcp:a_b-.example:443               | 'a_b-.example'     | labels are letters",
                "icmp:[2001:db8::1]                 | icmp and 2001:db8::1 | two families",
                "icmp:2001:db8::1                   | icmp and 2001:db8::1 | two families",
                "icmpv6:203.0.113.10                | ipv6-icmp and 203.0.113.10 | two families",
            })
    void namesWhatIsWrongAndTheRemedy(String text, String named, String remedy) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Flow.parse(text))
                .withMessageStartingWith("'" + text + "' is not a flow: ")
                .withMessageContainingAll(named, remedy);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp:203.0.113.10:443:80", "tcp:db.internal:443:80", "tcp:[2001:db8::1]:443:80"})
    void aSecondPortIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Flow.parse(text))
                .withMessageStartingWith("'" + text + "' is not a flow: ");
    }

    @Test
    void anErrorForgesNoLineAndHasAnEnd() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Flow.parse("tcp:a\nb\u001b[1m:443"))
                .withMessageContaining("\\u000a")
                .withMessageNotContainingAny("\n", "\u001b");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Flow.parse("x".repeat(100_000)))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(500));
    }

    @Test
    void isMadeOfAnAddress() {
        InetAddress address = InetAddresses.forString("2001:db8::1");
        assertThat(Flow.of(6, address, 443)).isEqualTo(Flow.parse("tcp:[2001:db8::1]:443"));
        assertThat(Flow.of(6, address, 0).port()).hasValue(0);
        assertThat(Flow.of(58, address, 443)).isEqualTo(Flow.parse("icmpv6:[2001:db8::1]"));
        assertThat(Flow.of(58, address, -1).port()).isEqualTo(OptionalInt.empty());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Flow.of(6, address, 65536))
                .withMessageContaining("port 65536");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Flow.of(256, address, 443))
                .withMessageContaining("protocol 256")
                .withMessageContaining("0 to 255");
        assertThat(Flow.of(58, InetAddresses.forString("203.0.113.10"), 0)).hasToString("ipv6-icmp:203.0.113.10");
    }

    @Test
    void everyProtocolAndPortIsWrittenAsItIsRead() {
        InetAddress four = InetAddresses.forString("203.0.113.10");
        InetAddress six = InetAddresses.forString("2001:db8::10");
        for (int protocol = 0; protocol < 256; protocol++) {
            for (InetAddress address : new InetAddress[] {four, six}) {
                if (protocol == (address == four ? 58 : 1)) {
                    continue;
                }
                Flow flow = Flow.of(protocol, address, protocol * 257);
                assertThat(Flow.parse(flow.toString())).isEqualTo(flow);
                assertThat(flow.port().isPresent()).isEqualTo(Flow.hasPorts(protocol));
                assertThat(flow.literal()).contains(address);
            }
        }
        assertThat(Flow.parse("tcp:db.internal:1").literal()).isEmpty();
    }
}
