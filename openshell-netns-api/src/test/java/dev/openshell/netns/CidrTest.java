package dev.openshell.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {
    @ParameterizedTest
    @ValueSource(strings = {"10.200.0.0/16", "203.0.113.10/32", "0.0.0.0/0", "2001:db8::/32", "::/0", "fe80::/10"})
    void isWrittenAsItWasRead(String text) {
        assertThat(Cidr.parse(text)).hasToString(text);
    }

    /** Guava reads a zone, and asks the JVM's own namespace for an interface of that name. */
    @ParameterizedTest
    @ValueSource(strings = {"fe80::%1/64", "fe80::%lo/64", "fe80::%a\nb/64", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33"})
    void refusesWhatIsNoRangeOfEveryNamespace(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Cidr.parse(text))
                .withMessageMatching("[ -~]+")
                .withMessageContaining(text.startsWith("fe80") ? "is not an address range" : "10.0.0.0");
    }

    @Test
    void aMappedRangeIsOneOfIpv6() throws UnknownHostException {
        byte[] raw = new byte[16];
        raw[10] = raw[11] = (byte) 0xff;
        raw[12] = (byte) 198;
        InetAddress mapped = Inet6Address.getByAddress(null, raw, -1);
        Cidr range = Cidr.of(mapped, 120);
        assertThat(range.family()).isEqualTo(Family.IPV6);
        assertThat(range.contains(mapped)).isTrue();
        assertThat(range.overlaps(Cidr.parse("198.0.0.0/24"))).isFalse();
        assertThat(range.covers(Cidr.of(mapped, 128))).isTrue();
        assertThat(Cidr.parse("198.0.0.0/24").overlaps(Cidr.parse("198.0.0.0/16")))
                .isTrue();
    }
}
