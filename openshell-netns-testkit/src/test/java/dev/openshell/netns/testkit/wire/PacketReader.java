package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads what {@link PacketWriter} wrote, or the router answered. */
final class PacketReader {
    /**
     * A packet.
     *
     * @param hops TTL or hop limit
     * @param quoted the packet that an ICMP error quotes
     */
    record Read(Header header, int id, int hops, @Nullable Read quoted) {}

    private PacketReader() {}

    /** Returns whether messages of {@code type} quote the packet that they are about. */
    static boolean isError(Family family, int type) {
        return family == Family.IPV4 ? type >= 3 && type <= 5 || type == 11 || type == 12 : type < 128;
    }

    /** Returns the packet in {@code bytes}, which may be cut off behind its ports; empty where there is none. */
    static Optional<Read> read(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int version = bytes.length < 20 ? 0 : bytes[0] >> 4 & 0xf;
        if (version == 4 && bytes.length >= (bytes[0] & 0xf) * 4) {
            Ip source = Ip.of(Arrays.copyOfRange(bytes, 12, 16));
            Ip destination = Ip.of(Arrays.copyOfRange(bytes, 16, 20));
            int payload = (bytes[0] & 0xf) * 4;
            return Optional.of(
                    read(source, destination, bytes[9] & 0xff, in, payload, in.getShort(4) & 0xffff, bytes[8] & 0xff));
        }
        if (version == 6 && bytes.length >= 40) {
            Ip source = Ip.of(Arrays.copyOfRange(bytes, 8, 24));
            Ip destination = Ip.of(Arrays.copyOfRange(bytes, 24, 40));
            return Optional.of(
                    read(source, destination, bytes[6] & 0xff, in, 40, in.getInt(0) & 0xf_ffff, bytes[7] & 0xff));
        }
        return Optional.empty();
    }

    private static Read read(Ip source, Ip destination, int protocol, ByteBuffer in, int at, int id, int hops) {
        int length = in.capacity() - at;
        boolean icmp = protocol == (source.family() == Family.IPV4 ? Header.ICMP : Header.ICMPV6);
        if (icmp && length >= 8) {
            return icmp(source, destination, in, at, id, hops);
        }
        if (Header.hasPorts(protocol) && length >= 4) {
            int flags = protocol == Header.TCP && length >= 14 ? in.get(at + 13) & 0xff : 0;
            int sourcePort = in.getShort(at) & 0xffff;
            int destinationPort = in.getShort(at + 2) & 0xffff;
            return new Read(
                    Header.ports(source, sourcePort, destination, destinationPort, protocol, flags), id, hops, null);
        }
        return new Read(Header.other(source, destination, protocol), id, hops, null);
    }

    private static Read icmp(Ip source, Ip destination, ByteBuffer in, int at, int id, int hops) {
        int type = in.get(at) & 0xff;
        int code = in.get(at + 1) & 0xff;
        if (!isError(source.family(), type)) {
            int echoId = in.getShort(at + 4) & 0xffff;
            return new Read(Header.icmp(source, destination, type, code, echoId, null), id, hops, null);
        }
        @Nullable
        Read quoted =
                read(Arrays.copyOfRange(in.array(), at + 8, in.capacity())).orElse(null);
        Header header = Header.icmp(source, destination, type, code, 0, quoted == null ? null : quoted.header);
        return new Read(header, id, hops, quoted);
    }
}
