package dev.openshell.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressKindTest {
    @ParameterizedTest
    @CsvSource({
        "203.0.113.10,           PUBLIC",
        "9.255.255.255,          PUBLIC",
        "10.0.0.0,               PRIVATE",
        "10.255.255.255,         PRIVATE",
        "11.0.0.0,               PUBLIC",
        "172.15.255.255,         PUBLIC",
        "172.16.0.0,             PRIVATE",
        "172.31.255.255,         PRIVATE",
        "172.32.0.0,             PUBLIC",
        "192.168.1.1,            PRIVATE",
        "100.64.0.1,             PRIVATE",
        "100.128.0.0,            PUBLIC",
        "100.100.100.200,        METADATA",
        "0.1.2.3,                UNSPECIFIED",
        "127.255.255.255,        LOOPBACK",
        "128.0.0.0,              PUBLIC",
        "169.254.169.254,        LINK_LOCAL",
        "169.255.0.0,            PUBLIC",
        "223.255.255.255,        PUBLIC",
        "224.0.0.0,              MULTICAST",
        "239.255.255.255,        MULTICAST",
        "240.0.0.0,              RESERVED",
        "255.255.255.255,        RESERVED",
        "2001:db8::1,            PUBLIC",
        "::,                     UNSPECIFIED",
        "::1,                    LOOPBACK",
        "fe80::1,                LINK_LOCAL",
        "febf:ffff::1,           LINK_LOCAL",
        "fec0::1,                PRIVATE",
        "fc00::1,                PRIVATE",
        "fdff::1,                PRIVATE",
        "fd00:ec2::254,          METADATA",
        "ff02::1,                MULTICAST",
        "::ffff:169.254.169.254, LINK_LOCAL",
        "::ffff:10.0.0.1,        PRIVATE",
        "::7f00:1,               LOOPBACK",
        "64:ff9b::203.0.113.10,  PUBLIC",
        "64:ff9b::a9fe:a9fe,     LINK_LOCAL",
        "64:ff9b:1::a9fe:a9fe,   LINK_LOCAL",
        "64:ff9b::10.0.0.1,      PRIVATE",
        "2002:7f00:1::,          LOOPBACK",
        "2002:cb00:710a::1,      PUBLIC",
        "2001:0:1:2:3:4:5601:5601, LINK_LOCAL",
        "2001:0:1:2:3:4:34ff:8ef5, PUBLIC",
        "2001:db8::5efe:127.0.0.1, LOOPBACK",
        "2001:db8::200:5efe:169.254.1.1, LINK_LOCAL",
    })
    void judges(String address, AddressKind kind) {
        assertThat(AddressKind.of(InetAddresses.forString(address))).isEqualTo(kind);
    }

    @Test
    void onlyUnicastOutsideTheHostCanBeListed() {
        assertThat(AddressKind.PUBLIC.listable()).isTrue();
        assertThat(AddressKind.PRIVATE.listable()).isTrue();
        assertThat(AddressKind.values()).filteredOn(AddressKind::listable).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/33", "10.0.0.0", "10.0.0.0/-1", "10.0.0.0/", "/8", "a/8", "10.0.0.1/8", "::/129"})
    void refusesRanges(String text) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void rangesContainAndOverlap() {
        Cidr net = Cidr.parse("10.200.0.0/16");
        assertThat(net.contains(InetAddresses.forString("10.200.255.255"))).isTrue();
        assertThat(net.contains(InetAddresses.forString("10.201.0.0"))).isFalse();
        assertThat(net.contains(InetAddresses.forString("2001:db8::1"))).isFalse();
        assertThat(net.overlaps(Cidr.parse("10.0.0.0/8"))).isTrue();
        assertThat(net.overlaps(Cidr.parse("10.200.4.0/30"))).isTrue();
        assertThat(net.overlaps(Cidr.parse("10.201.0.0/16"))).isFalse();
        assertThat(net.covers(Cidr.parse("10.0.0.0/8"))).isFalse();
        assertThat(net.at(65535)).isEqualTo(InetAddresses.forString("10.200.255.255"));
        assertThatThrownBy(() -> net.at(65536)).isInstanceOf(IllegalArgumentException.class);
        assertThat(Cidr.parse("fd00::/126").at(2)).isEqualTo(InetAddresses.forString("fd00::2"));
        assertThat(Cidr.parse("255.255.255.252/30").at(3)).isEqualTo(InetAddresses.forString("255.255.255.255"));
    }
}
