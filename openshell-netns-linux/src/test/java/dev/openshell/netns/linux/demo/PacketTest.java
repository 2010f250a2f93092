package dev.openshell.netns.linux.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class PacketTest {
    @Test
    void readsIpv4() {
        assertThat(Packet.parse(ipv4(5, Packet.UDP, 443))).contains(Packet.to(Packet.UDP, "203.0.113.10", 443));
        assertThat(Packet.parse(ipv4(5, Packet.TCP, 60_000))).contains(Packet.to(Packet.TCP, "203.0.113.10", 60_000));
    }

    @Test
    void skipsOptions() {
        assertThat(Packet.parse(ipv4(7, Packet.TCP, 80))).contains(Packet.to(Packet.TCP, "203.0.113.10", 80));
    }

    @Test
    void otherProtocolsHaveNoPort() {
        assertThat(Packet.parse(ipv4(5, Packet.EXPERIMENT, 80)))
                .contains(Packet.to(Packet.EXPERIMENT, "203.0.113.10", 0));
    }

    @Test
    void readsIpv6() {
        ByteBuffer bytes = ByteBuffer.allocate(48).put(0, (byte) 0x60).put(6, (byte) Packet.UDP);
        bytes.put(24, InetAddresses.forString("2001:db8::1").getAddress()).putShort(42, (short) 443);
        assertThat(Packet.parse(bytes.array())).contains(Packet.to(Packet.UDP, "2001:db8::1", 443));
    }

    @Test
    void isNotMisledByOtherBytes() {
        assertThat(Packet.parse(new byte[0])).isEmpty();
        assertThat(Packet.parse(new byte[60])).isEmpty();
        assertThat(Packet.parse(new byte[] {0x45, 0, 0})).isEmpty();
        assertThat(Packet.parse(new byte[] {0x60, 0, 0})).isEmpty();
    }

    private static byte[] ipv4(int words, int protocol, int port) {
        ByteBuffer bytes =
                ByteBuffer.allocate(words * 4 + 8).put(0, (byte) (0x40 | words)).put(9, (byte) protocol);
        bytes.put(16, InetAddresses.forString("203.0.113.10").getAddress());
        return bytes.putShort(words * 4 + 2, (short) port).array();
    }
}
