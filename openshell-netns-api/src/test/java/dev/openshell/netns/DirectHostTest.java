package dev.openshell.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DirectHostTest {
    @ParameterizedTest
    @CsvSource({
        "wss-primary.slack.com,        wss-primary.slack.com:443",
        "WSS-Primary.Slack.COM,        wss-primary.slack.com:443",
        "db.internal:5432,             db.internal:5432",
        "absolute.example.,            absolute.example.:443",
        "_srv.example:1,               _srv.example:1",
        "203.0.113.10,                 203.0.113.10:443",
        "203.0.113.10:65535,           203.0.113.10:65535",
        "2001:db8::1,                  [2001:db8::1]:443",
        "2001:0DB8:0::1,               [2001:db8::1]:443",
        "[2001:db8::1],                [2001:db8::1]:443",
        "[2001:db8::1]:5432,           [2001:db8::1]:5432",
        "::ffff:203.0.113.10,          203.0.113.10:443",
        "a1.2b,                        a1.2b:443",
    })
    void parses(String text, String shown) {
        assertThat(DirectHost.parse(text)).hasToString(shown);
        assertThat(DirectHost.of(text)).isEqualTo(DirectHost.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a b",
                "'a'",
                "\"a\"",
                "a\nb",
                "a\u0000b",
                "a\tb",
                "-a",
                "a-",
                "-a.example",
                "a..b",
                ".a",
                "..",
                "*.slack.com",
                "a/b",
                "a;b",
                "a$b",
                "ä.example",
                "http://a.example",
                "user@a",
                "a,b",
                "a%b",
                "1.2.3",
                "1.2.3.4.5",
                "256.1.1.1",
                "1.2.3.256",
                "0x7f.1",
                "127.1",
                "0x7f000001",
                "123",
                "fe80::1%eth0",
                "[203.0.113.10]",
                "[a.example]",
                "[2001:db8::1",
                "2001:db8::1]",
                "[]",
                "[]:443",
                "a:0",
                "a:-1",
                "a:65536",
                "a:abc",
                "a:443:",
                "a:",
                ":443",
                "a: 443",
                "a:443 ",
                "a:+443",
                "a:999999",
                "[2001:db8::1]:",
                "[2001:db8::1]:0",
                "[2001:db8::1]443",
                "2001:db8::1:99999",
                "127.0.0.1",
                "169.254.169.254",
                "0.0.0.0",
                "224.0.0.1",
                "255.255.255.255",
                "::1",
                "::",
                "ff02::1",
                "fe80::1",
                "[::1]:443",
                "::ffff:127.0.0.1",
                "64:ff9b::a9fe:a9fe",
                "2002:7f00:1::",
                "100.100.100.200"
            })
    void refuses(String text) {
        assertThatThrownBy(() -> DirectHost.parse(text)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NetnsSandbox.builder().directTcp(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @MethodSource("tooLong")
    void refusesTooLong(String text) {
        assertThatThrownBy(() -> DirectHost.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most");
    }

    static String[] tooLong() {
        String label = "a".repeat(63);
        return new String[] {"a".repeat(64), label + ".a".repeat(96), (label + ".").repeat(3) + "a".repeat(62)};
    }

    @Test
    void takesTheLongestNames() {
        String label = "a".repeat(63);
        String name = (label + ".").repeat(3) + "a".repeat(61);
        assertThat(name).hasSize(253);
        assertThat(DirectHost.of(name).host()).isEqualTo(name);
        assertThat(DirectHost.of(name + ".").host()).isEqualTo(name + ".");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void refusesPorts(int port) {
        assertThatThrownBy(() -> DirectHost.of("a.example", port))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Integer.toString(port));
        assertThatThrownBy(() -> DirectHost.of("a.example", 443, port)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NetnsSandbox.builder().proxy(port)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPortIsNoPartOfTheHost() {
        assertThatThrownBy(() -> DirectHost.of("a.example:80", 443)).isInstanceOf(IllegalArgumentException.class);
        assertThat(DirectHost.of("[2001:db8::1]", 80)).isEqualTo(DirectHost.of("2001:db8::1", 80));
    }

    @Test
    void errorsNameTheValueWithoutRawControlCharacters() {
        assertThatThrownBy(() -> DirectHost.parse("a\u001b[31mb"))
                .hasMessageContaining("a\\u001b[31mb")
                .hasMessageNotContaining("\u001b");
    }

    @Test
    void originIsNoPartOfEquality() {
        DirectHost host = DirectHost.of("a.example");
        assertThat(host.withOrigin("elsewhere")).isEqualTo(host).hasSameHashCodeAs(host);
        assertThat(host.origin()).isEqualTo("directTcp(\"a.example\")");
        assertThat(DirectHost.of("a.example", 5432, 80).origin()).isEqualTo("directTcp(\"a.example\", 80, 5432)");
    }
}
