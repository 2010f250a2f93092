package dev.openshell.netns.testkit.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Sees what a namespace's INPUT rules let through, and what comes in by its loopback interface: an nft table, one chain
 * of which comes after all of iptables' at INPUT and one before all at PREROUTING, sends a copy of each packet to an
 * NFLOG group (linux/netfilter/nfnetlink_log.h, nf_tables.h). Connection tracking takes a new flow into its table after
 * that, undisturbed.
 */
final class RouterLog {
    private static final int GROUP = 47_110;
    private static final int SNAP = 1024;
    private static final int PRIORITY = 32_000;
    private static final int NFPROTO_INET = 1;
    private static final int NF_INET_PRE_ROUTING = 0;
    private static final int NF_INET_LOCAL_IN = 1;
    private static final int NFT_META_IIF = 4;
    private static final int NFULA_PACKET_HDR = 1;
    private static final int NF_TABLES = 10;
    private static final int ULOG = 4;
    private static final int BATCH_BEGIN = 16;
    private static final int BATCH_END = 17;
    private static final int NFULNL_CFG_CMD_BIND = 1;
    private static final int NFULNL_COPY_PACKET = 2;
    private static final int NFULA_PAYLOAD = 9;

    private static final int CREATE = NetlinkMessage.NLM_F_ACK | NetlinkMessage.NLM_F_CREATE;

    private final NetlinkSocket socket;

    /** Sets both up in the calling thread's namespace. */
    RouterLog() {
        socket = new NetlinkSocket(Sockets.NETLINK_NETFILTER);
        boolean done = false;
        try {
            socket.request(List.of(bind()));
            socket.request(table());
            done = true;
        } finally {
            if (!done) {
                socket.close();
            }
        }
    }

    private static NetlinkMessage bind() {
        ByteBuffer mode = ByteBuffer.allocate(6).putInt(SNAP).put((byte) NFULNL_COPY_PACKET);
        return netfilter(ULOG << 8 | 1, NetlinkMessage.NLM_F_ACK, 1, 0, GROUP)
                .bytes(1, (byte) NFULNL_CFG_CMD_BIND)
                .bytes(2, mode.array())
                .be32(5, 1);
    }

    private static List<NetlinkMessage> table() {
        return List.of(
                netfilter(BATCH_BEGIN, 0, 2, 0, NF_TABLES),
                netfilter(NF_TABLES << 8, CREATE, 3, NFPROTO_INET, 0).text(1, "harness"),
                chain(4, "input", NF_INET_LOCAL_IN, PRIORITY),
                rule(5, "input").nested(4, RouterLog::log),
                chain(6, "prerouting", NF_INET_PRE_ROUTING, -PRIORITY),
                rule(7, "prerouting").nested(4, list -> {
                    fromLoopback(list);
                    log(list);
                }),
                netfilter(BATCH_END, 0, 8, 0, NF_TABLES));
    }

    private static NetlinkMessage chain(int sequence, String name, int hook, int priority) {
        return netfilter(NF_TABLES << 8 | 3, CREATE, sequence, NFPROTO_INET, 0)
                .text(1, "harness")
                .text(3, name)
                .nested(4, where -> where.be32(1, hook).be32(2, priority))
                .text(7, "filter");
    }

    private static NetlinkMessage rule(int sequence, String chain) {
        return netfilter(NF_TABLES << 8 | 6, CREATE | NetlinkMessage.NLM_F_APPEND, sequence, NFPROTO_INET, 0)
                .text(1, "harness")
                .text(2, chain);
    }

    private static void fromLoopback(NetlinkMessage list) {
        byte[] lo = ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt(Wires.LO)
                .array();
        list.nested(1, expression -> expression.text(1, "meta").nested(2, meta -> meta.be32(1, 1)
                .be32(2, NFT_META_IIF)));
        list.nested(1, expression -> expression
                .text(1, "cmp")
                .nested(2, cmp -> cmp.be32(1, 1).be32(2, 0).nested(3, data -> data.bytes(1, lo))));
    }

    private static void log(NetlinkMessage list) {
        list.nested(1, expression -> expression
                .text(1, "log")
                .nested(2, log -> log.be16(1, GROUP).be32(3, SNAP).be16(4, 1)));
    }

    private static NetlinkMessage netfilter(int type, int flags, int sequence, int family, int resource) {
        return NetlinkMessage.of(type, flags, sequence)
                .raw((byte) family, (byte) 0, (byte) (resource >> 8), (byte) resource);
    }

    /** Hands over where each packet was that was logged since the last call, and it, from its IP header on. */
    void drain(BiConsumer<String, byte[]> packets) {
        for (byte[] datagram = socket.receive(); datagram != null; datagram = socket.receive()) {
            ByteBuffer in = ByteBuffer.wrap(datagram).order(ByteOrder.nativeOrder());
            for (int at = 0; at + 16 <= datagram.length; at += in.getInt(at) + 3 & ~3) {
                if (in.getShort(at + 4) == ULOG << 8) {
                    int end = at + in.getInt(at);
                    int hook = attribute(in, at + 20, end, NFULA_PACKET_HDR)[2];
                    String where = hook == NF_INET_LOCAL_IN ? "local" : "lo";
                    packets.accept(where, attribute(in, at + 20, end, NFULA_PAYLOAD));
                }
            }
        }
    }

    private static byte[] attribute(ByteBuffer in, int from, int to, int type) {
        for (int at = from; at + 4 <= to; at += (in.getShort(at) & 0xffff) + 3 & ~3) {
            if ((in.getShort(at + 2) & 0x3fff) == type) {
                return Arrays.copyOfRange(in.array(), at + 4, at + (in.getShort(at) & 0xffff));
            }
        }
        throw new IllegalStateException("NFLOG sent a packet without attribute " + type);
    }

    void close() {
        socket.close();
    }
}
