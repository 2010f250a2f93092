package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The bytes of a packet's headers, as far as this fake has them. */
final class PacketBytes {
    private static final int NETWORK = 1;
    private static final int TRANSPORT = 2;

    private PacketBytes() {}

    /**
     * Returns what a payload expression loads, null where the packet has no such bytes.
     *
     * @throws UnsupportedOperationException for bytes that this fake does not keep
     */
    static byte @Nullable [] load(Header header, int base, int offset, int length) {
        byte[] bytes;
        boolean[] known;
        if (base == NETWORK) {
            bytes = network(header);
            known = new boolean[bytes.length];
            if (header.family() == Family.IPV4) {
                mark(known, 0, 1);
                mark(known, 6, 8);
                mark(known, 9, 10);
                mark(known, 12, 20);
            } else {
                mark(known, 6, 7);
                mark(known, 8, 40);
            }
        } else if (base == TRANSPORT) {
            bytes = transport(header);
            known = new boolean[bytes.length];
            mark(known, 0, hasPorts(header) ? 4 : isIcmp(header) ? 2 : 0);
            if (header.protocol() == Header.TCP) {
                mark(known, 13, 14);
            } else if (isIcmp(header)) {
                mark(known, 4, 6);
            }
        } else {
            throw new UnsupportedOperationException("payload base " + base);
        }
        if (offset + length > bytes.length) {
            // A protocol without a header of its own here has bytes on Linux, of which this fake knows none.
            if (base == TRANSPORT) {
                throw new UnsupportedOperationException("payload at " + offset + " of protocol " + header.protocol());
            }
            return null;
        }
        for (int i = offset; i < offset + length; i++) {
            if (!known[i]) {
                throw new UnsupportedOperationException("payload base " + base + ", byte " + i);
            }
        }
        return Arrays.copyOfRange(bytes, offset, offset + length);
    }

    private static void mark(boolean[] known, int from, int to) {
        Arrays.fill(known, from, to, true);
    }

    private static boolean hasPorts(Header header) {
        return switch (header.protocol()) {
            case Header.TCP, Header.UDP, Header.UDPLITE, Header.SCTP, Header.DCCP -> true;
            default -> false;
        };
    }

    private static boolean isIcmp(Header header) {
        return header.protocol() == (header.family() == Family.IPV4 ? Header.ICMP : Header.ICMPV6);
    }

    private static byte[] network(Header header) {
        boolean four = header.family() == Family.IPV4;
        ByteBuffer out = ByteBuffer.allocate(four ? 20 : 40);
        out.put(0, (byte) (four ? 0x45 : 0x60)).put(four ? 9 : 6, (byte) header.protocol());
        out.position(four ? 12 : 8);
        return out.put(header.source().bytes())
                .put(header.destination().bytes())
                .array();
    }

    private static byte[] transport(Header header) {
        ByteBuffer out = ByteBuffer.allocate(header.protocol() == Header.TCP ? 20 : 8);
        if (hasPorts(header)) {
            out.putShort(0, (short) header.sourcePort()).putShort(2, (short) header.destinationPort());
        }
        if (header.protocol() == Header.TCP) {
            out.put(13, (byte) header.tcpFlags());
        } else if (isIcmp(header)) {
            out.put(0, (byte) header.icmpType()).put(1, (byte) header.icmpCode());
            out.putShort(4, (short) header.icmpId());
        }
        return out.array();
    }
}
