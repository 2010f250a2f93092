package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.zip.CRC32C;

/** The Internet checksum (RFC 1071), with and without a pseudo-header, and SCTP's (RFC 9260, appendix A). */
final class Checksums {
    private Checksums() {}

    /** Returns the checksum of {@code length} bytes. */
    static int internet(byte[] bytes, int from, int length) {
        return fold(sum(bytes, from, length));
    }

    /** Returns the checksum of an upper-layer packet; {@code covered} of its bytes are summed (RFC 3828). */
    static int transport(Ip source, Ip destination, int protocol, byte[] bytes, int covered) {
        long sum = sum(source.bytes(), 0, source.family() == Family.IPV4 ? 4 : 16)
                + sum(destination.bytes(), 0, destination.family() == Family.IPV4 ? 4 : 16)
                + protocol
                + bytes.length
                + sum(bytes, 0, covered);
        return fold(sum);
    }

    /** Returns the CRC, in the order in which it goes into the packet. */
    static int sctp(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return Integer.reverseBytes((int) crc.getValue());
    }

    private static long sum(byte[] bytes, int from, int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            int octet = bytes[from + i] & 0xff;
            sum += i % 2 == 0 ? octet << 8 : octet;
        }
        return sum;
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (int) ~folded & 0xffff;
    }
}
