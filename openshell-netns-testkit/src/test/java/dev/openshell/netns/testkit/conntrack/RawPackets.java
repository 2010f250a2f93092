package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes headers as the bytes of a packet, and reads them back. */
final class RawPackets {
    private static final int TTL = 64;
    private static final int WINDOW = 8192;
    private static final int SEQUENCE = 1000;
    private static final int GRE = 47;
    private static final Set<Integer> WITH_ID_V4 = Set.of(0, 8, 13, 14, 15, 16, 17, 18);
    private static final Set<Integer> WITH_ID_V6 = Set.of(128, 129, 139, 140);

    /** A packet that came through: its number, its TOS or traffic class, its headers. */
    record Captured(int number, int tos, Header header) {
        @Override
        public String toString() {
            return number + " tos " + Integer.toHexString(tos) + " " + brief(header);
        }
    }

    private RawPackets() {}

    static String brief(Header header) {
        String text = header.source() + ":" + header.sourcePort() + " > " + header.destination() + ":"
                + header.destinationPort() + " proto " + header.protocol();
        text += header.protocol() == Header.TCP ? " flags " + Integer.toHexString(header.tcpFlags()) : "";
        if (header.isIcmp()) {
            text += " type " + header.icmpType() + "/" + header.icmpCode() + " id " + header.icmpId();
        }
        return text + (header.quoted() == null ? "" : " [" + brief(header.quoted()) + "]");
    }

    /** Returns the IP packet of {@code header}, which carries {@code number} where a router leaves it alone. */
    static byte[] encode(Header header, int number) {
        return encode(header, number, SEQUENCE);
    }

    /** Returns it, where {@code sequence} is the sequence number of a SYN. */
    static byte[] encode(Header header, int number, int sequence) {
        byte[] payload = payload(header, number, sequence);
        boolean ipv4 = header.family() == Family.IPV4;
        ByteBuffer out = ByteBuffer.allocate((ipv4 ? 20 : 40) + payload.length);
        if (ipv4) {
            out.putShort((short) 0x4500)
                    .putShort((short) out.capacity())
                    .putShort((short) number)
                    .putShort((short) 0);
            out.put((byte) TTL).put((byte) header.protocol()).putShort((short) 0);
        } else {
            out.putInt(0x6000_0000 | number).putShort((short) payload.length);
            out.put((byte) header.protocol()).put((byte) TTL);
        }
        out.put(header.source().bytes()).put(header.destination().bytes());
        if (ipv4) {
            out.putShort(10, checksum(out.array(), 20, 0));
        }
        return out.put(payload).array();
    }

    private static byte[] payload(Header header, int number, int sequence) {
        return switch (header.protocol()) {
            case Header.TCP -> tcp(header, sequence);
            case Header.UDP, Header.UDPLITE -> udp(header);
            case GRE -> new byte[] {0, 0, 8, 0, 0, 0, 0, 0};
            default ->
                header.isIcmp() ? icmp(header, number) : ports(16, header).array();
        };
    }

    /** A SYN has the sequence number before the one that all other segments have and acknowledge. */
    private static byte[] tcp(Header header, int sequence) {
        int flags = header.tcpFlags();
        ByteBuffer out = ports(20, header);
        out.putInt((flags & Header.SYN) != 0 ? sequence : SEQUENCE + 1);
        out.putInt((flags & Header.ACK) != 0 ? SEQUENCE + 1 : 0);
        out.put((byte) 0x50).put((byte) flags).putShort((short) WINDOW);
        return out.putShort(16, checksum(out.array(), 20, pseudo(header, 20))).array();
    }

    private static byte[] udp(Header header) {
        ByteBuffer out = ports(8, header).putShort((short) 8);
        return out.putShort(6, checksum(out.array(), 8, pseudo(header, 8))).array();
    }

    private static ByteBuffer ports(int size, Header header) {
        return ByteBuffer.allocate(size).putShort((short) header.sourcePort()).putShort((short)
                header.destinationPort());
    }

    private static byte[] icmp(Header header, int number) {
        byte[] quoted = header.quoted() == null ? new byte[0] : encode(header.quoted(), 0);
        ByteBuffer out = ByteBuffer.allocate(8 + quoted.length);
        out.put((byte) header.icmpType()).put((byte) header.icmpCode()).putShort((short) 0);
        out.putShort((short) header.icmpId())
                .putShort((short) (quoted.length == 0 ? number : 0))
                .put(quoted);
        long pseudo = header.family() == Family.IPV4 ? 0 : pseudo(header, out.capacity());
        return out.putShort(2, checksum(out.array(), out.capacity(), pseudo)).array();
    }

    private static long pseudo(Header header, int length) {
        // Linux checks UDP-Lite as if it were UDP.
        long sum = (header.protocol() == Header.UDPLITE ? Header.UDP : header.protocol()) + length;
        for (Ip ip : new Ip[] {header.source(), header.destination()}) {
            ByteBuffer in = ByteBuffer.wrap(ip.bytes());
            while (in.hasRemaining()) {
                sum += in.getShort() & 0xffff;
            }
        }
        return sum;
    }

    private static short checksum(byte[] bytes, int length, long start) {
        ByteBuffer in = ByteBuffer.wrap(Arrays.copyOf(bytes, length + length % 2));
        long sum = start;
        while (in.hasRemaining()) {
            sum += in.getShort() & 0xffff;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (short) ~sum;
    }

    static boolean hasId(Family family, int type) {
        return (family == Family.IPV4 ? WITH_ID_V4 : WITH_ID_V6).contains(type);
    }

    /** Returns what the IP packet at {@code offset} says. */
    static Captured decode(byte[] bytes, int offset) {
        ByteBuffer in = ByteBuffer.wrap(bytes, offset, bytes.length - offset).slice();
        boolean ipv4 = in.get(0) >>> 4 == 4;
        int number = ipv4 ? in.getShort(4) & 0xffff : in.getInt(0) & 0xfffff;
        int tos = ipv4 ? in.get(1) & 0xff : in.getInt(0) >>> 20 & 0xff;
        int protocol = in.get(ipv4 ? 9 : 6) & 0xff;
        int addresses = ipv4 ? 12 : 8;
        int size = ipv4 ? 4 : 16;
        Ip source = address(in, addresses, size);
        Ip destination = address(in, addresses + size, size);
        int at = ipv4 ? 20 : 40;
        Header plain = Header.other(source, destination, protocol);
        if (plain.isIcmp()) {
            return new Captured(number, tos, decodeIcmp(in, at, plain, offset, bytes));
        }
        if (Header.hasPorts(protocol)) {
            int flags = protocol == Header.TCP ? in.get(at + 13) & 0xff : 0;
            plain = Header.ports(
                    source, in.getShort(at) & 0xffff, destination, in.getShort(at + 2) & 0xffff, protocol, flags);
        }
        return new Captured(number, tos, plain);
    }

    private static Header decodeIcmp(ByteBuffer in, int at, Header plain, int offset, byte[] bytes) {
        int type = in.get(at) & 0xff;
        boolean hasId = hasId(plain.family(), type);
        int id = hasId ? in.getShort(at + 4) & 0xffff : 0;
        boolean quotes = in.capacity() >= at + 8 + 20 && !hasId;
        @Nullable Header quoted = quotes ? decode(bytes, offset + at + 8).header() : null;
        return Header.icmp(plain.source(), plain.destination(), type, in.get(at + 1) & 0xff, id, quoted);
    }

    private static Ip address(ByteBuffer in, int at, int size) {
        byte[] raw = new byte[size];
        in.get(at, raw);
        return Ip.of(raw);
    }
}
