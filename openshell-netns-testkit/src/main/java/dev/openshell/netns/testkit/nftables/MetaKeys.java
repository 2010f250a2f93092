package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.packet.Tuple;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What the expressions {@code meta} and {@code ct} load (enum nft_meta_keys, enum nft_ct_keys). */
final class MetaKeys {
    static final int MARK = 3;
    static final int NAME = 16;

    private MetaKeys() {}

    /** Returns how many bytes {@code meta} loads for {@code key}. */
    static int metaLength(int key) {
        return switch (key) {
            case MARK -> 4;
            case 6, 7 -> NAME;
            case 15, 16 -> 1;
            default -> throw new UnsupportedOperationException("meta key " + key);
        };
    }

    static byte[] meta(int key, Skb skb) {
        return switch (key) {
            case MARK -> Bytes.number(skb.mark);
            case 6 -> name(skb.in);
            case 7 -> name(skb.out);
            case 15 -> new byte[] {(byte) family(skb.header.family())};
            case 16 -> new byte[] {(byte) skb.header.protocol()};
            default -> throw new UnsupportedOperationException("meta key " + key);
        };
    }

    private static byte[] name(String link) {
        return Arrays.copyOf(link.getBytes(StandardCharsets.UTF_8), NAME);
    }

    private static int family(Family family) {
        return family == Family.IPV4 ? 2 : 10;
    }

    /** Returns how many bytes {@code ct} loads for {@code key} in a table of {@code family}. */
    static int ctLength(int key, boolean directed, int family) {
        boolean needsDirection = key == 8 || key == 9 || key == 11 || key == 12 || key >= 19 && key <= 22;
        if (needsDirection && !directed || (key == 0 || key == 1 || key == 2 || key == MARK) && directed) {
            throw new NetException(NetException.EINVAL, "");
        }
        return switch (key) {
            case 0, 2, MARK, 19, 20 -> 4;
            case 1, 7, 10 -> 1;
            case 8, 9 -> {
                if (family == NfTable.INET) {
                    yield 16;
                }
                yield family == 2 ? 4 : 16;
            }
            case 11, 12 -> 2;
            case 21, 22 -> 16;
            default -> throw new UnsupportedOperationException("ct key " + key);
        };
    }

    /** Returns the value, null where the packet has none. */
    static byte @Nullable [] ct(int key, boolean replied, Skb skb) {
        Ct ct = skb.ct;
        if (key == 0) {
            return Bytes.number(state(skb));
        }
        if (ct == null) {
            return null;
        }
        Tuple tuple = replied ? ct.reply : ct.original;
        return switch (key) {
            case 1 -> new byte[] {(byte) (skb.reply ? 1 : 0)};
            case 2 -> Bytes.number(status(ct));
            case MARK -> Bytes.number(ct.mark);
            case 7 -> new byte[] {(byte) family(tuple.source().family())};
            case 8 -> tuple.source().bytes();
            case 9 -> tuple.destination().bytes();
            case 10 -> new byte[] {(byte) tuple.protocol()};
            case 11 -> port(tuple.sourcePort());
            case 12 -> port(tuple.destinationPort());
            case 19 -> of(Family.IPV4, tuple.source());
            case 20 -> of(Family.IPV4, tuple.destination());
            case 21 -> of(Family.IPV6, tuple.source());
            case 22 -> of(Family.IPV6, tuple.destination());
            default -> throw new UnsupportedOperationException("ct key " + key);
        };
    }

    private static byte @Nullable [] of(Family family, Ip ip) {
        return ip.family() == family ? ip.bytes() : null;
    }

    private static byte[] port(int port) {
        return ByteBuffer.allocate(2).putShort((short) port).array();
    }

    private static int state(Skb skb) {
        return switch (skb.state) {
            case INVALID -> 1;
            case ESTABLISHED -> 2;
            case RELATED -> 4;
            case NEW -> 8;
            case UNTRACKED -> 64;
        };
    }

    private static int status(Ct ct) {
        return (ct.seenReply ? 2 : 0)
                | (ct.assured ? 4 : 0)
                | (ct.confirmed ? 8 : 0)
                | (ct.sourceNat ? 16 : 0)
                | (ct.destinationNat ? 32 : 0)
                | (ct.sourceNatDone ? 128 : 0)
                | (ct.destinationNatDone ? 256 : 0)
                | (ct.dying ? 512 : 0);
    }
}
