package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import java.nio.ByteBuffer;

/**
 * Writes a {@link Header} as a packet that is right in every checksum. The id goes where nothing on the way changes it
 * and every quotation shows it: IPv4's identification, IPv6's flow label. All TCP packets of all flows have fitting
 * sequence numbers, as of ends that never send data, so that connection tracking finds each one inside of its window
 * and each reset exact.
 */
final class PacketWriter {
    /** Told from what the router makes itself, which begins with {@link #ROUTER_HOPS}. */
    static final int HOPS = 61;

    static final int ROUTER_HOPS = 99;

    private static final int DONT_FRAGMENT = 0x4000;
    private static final int SEQUENCE = 1_000_000;
    private static final int WINDOW = 60_000;
    private static final int OTHER_LENGTH = 8;
    private static final byte SCTP_INIT = 1;

    private PacketWriter() {}

    /** Returns the packet, from its IP header on. */
    static byte[] write(Header header, int id) {
        byte[] payload = payload(header);
        return header.family() == Family.IPV4 ? ipv4(header, id, payload) : ipv6(header, id, payload);
    }

    private static byte[] ipv4(Header header, int id, byte[] payload) {
        ByteBuffer out = ByteBuffer.allocate(20 + payload.length);
        out.put((byte) 0x45).put((byte) 0).putShort((short) (20 + payload.length));
        out.putShort((short) id).putShort((short) DONT_FRAGMENT);
        out.put((byte) HOPS).put((byte) header.protocol()).putShort((short) 0);
        out.put(header.source().bytes()).put(header.destination().bytes()).put(payload);
        out.putShort(10, (short) Checksums.internet(out.array(), 0, 20));
        return out.array();
    }

    private static byte[] ipv6(Header header, int id, byte[] payload) {
        ByteBuffer out = ByteBuffer.allocate(40 + payload.length);
        out.putInt(6 << 28 | id).putShort((short) payload.length);
        out.put((byte) header.protocol()).put((byte) HOPS);
        out.put(header.source().bytes()).put(header.destination().bytes()).put(payload);
        return out.array();
    }

    private static byte[] payload(Header header) {
        if (header.isIcmp()) {
            return icmp(header);
        }
        return switch (header.protocol()) {
            case Header.TCP -> tcp(header);
            case Header.UDP, Header.UDPLITE -> udp(header);
            case Header.SCTP -> sctp(header);
            case Header.DCCP -> dccp(header);
            default -> new byte[OTHER_LENGTH];
        };
    }

    private static ByteBuffer ports(Header header, int length) {
        return ByteBuffer.allocate(length).putShort((short) header.sourcePort()).putShort((short)
                header.destinationPort());
    }

    private static byte[] tcp(Header header) {
        boolean opens = (header.tcpFlags() & Header.SYN) != 0;
        boolean acknowledges = (header.tcpFlags() & Header.ACK) != 0;
        ByteBuffer out = ports(header, 20)
                .putInt(opens ? SEQUENCE : SEQUENCE + 1)
                .putInt(acknowledges ? SEQUENCE + 1 : 0)
                .put((byte) (5 << 4))
                .put((byte) header.tcpFlags())
                .putShort((short) WINDOW);
        return checked(header, out, 16);
    }

    private static byte[] udp(Header header) {
        ByteBuffer out = ports(header, 8 + OTHER_LENGTH).putShort((short) (8 + OTHER_LENGTH));
        return checked(header, out, 6);
    }

    private static byte[] dccp(Header header) {
        // A Request: 5 words, long sequence numbers.
        ByteBuffer out = ports(header, 20).put((byte) 5).put(8, (byte) 1);
        return checked(header, out, 6);
    }

    private static byte[] sctp(Header header) {
        ByteBuffer out = ports(header, 32).putInt(0).putInt(0);
        out.put(SCTP_INIT).put((byte) 0).putShort((short) 20);
        out.putInt(1).putInt(WINDOW).putShort((short) 1).putShort((short) 1).putInt(1);
        return out.putInt(8, Checksums.sctp(out.array())).array();
    }

    private static byte[] icmp(Header header) {
        Header quoted = header.quoted();
        byte[] rest = quoted == null ? new byte[12] : write(quoted, 0);
        ByteBuffer out = ByteBuffer.allocate(8 + rest.length);
        out.put((byte) header.icmpType()).put((byte) header.icmpCode()).putShort((short) 0);
        out.putShort((short) header.icmpId()).putShort((short) 0).put(rest);
        if (header.family() == Family.IPV6) {
            return checked(header, out, 2);
        }
        return out.putShort(2, (short) Checksums.internet(out.array(), 0, out.capacity()))
                .array();
    }

    private static byte[] checked(Header header, ByteBuffer out, int at) {
        int sum = Checksums.transport(
                header.source(), header.destination(), header.protocol(), out.array(), out.capacity());
        // UDP's 0 says that there is none.
        boolean none = sum == 0 && (header.protocol() == Header.UDP || header.protocol() == Header.UDPLITE);
        return out.putShort(at, (short) (none ? 0xffff : sum)).array();
    }
}
