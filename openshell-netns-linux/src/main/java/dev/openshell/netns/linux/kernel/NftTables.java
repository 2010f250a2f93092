package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * What iptables-nft-save does not tell of its tables (include/uapi/linux/netfilter/nf_tables.h). A message is a struct
 * nfgenmsg behind the header, and attributes.
 */
final class NftTables {
    private static final int NFNL_SUBSYS_NFTABLES = 10;
    private static final int NFT_MSG_NEWTABLE = NFNL_SUBSYS_NFTABLES << 8;
    private static final int NFT_MSG_GETTABLE = NFNL_SUBSYS_NFTABLES << 8 | 1;
    private static final int NFTA_TABLE_NAME = 1;
    private static final int NFTA_TABLE_FLAGS = 2;
    private static final int NFT_TABLE_F_DORMANT = 1;
    private static final int NLM_F_REQUEST_DUMP = 0x301;
    /** The end of a dump; it too has an errno, of a dump that failed on its way. */
    private static final int NLMSG_DONE = 3;

    private static final int HEADER = 16;
    private static final int HEADERS = HEADER + 4;
    private static final int ATTRIBUTE = 4;
    private static final byte AF_INET = 2;
    private static final byte AF_INET6 = 10;
    private static final Set<Byte> FAMILIES = Set.of(AF_INET, AF_INET6);
    private static final Set<String> TABLES = Set.of("raw", "nat", "filter");

    private NftTables() {}

    /** Checks that the calling thread's namespace has no table of iptables-nft's whose rules are not looked at. */
    static void requireAwake() {
        ByteBuffer request = ByteBuffer.allocate(HEADERS).order(ByteOrder.nativeOrder());
        request.putInt(HEADERS)
                .putShort((short) NFT_MSG_GETTABLE)
                .putShort((short) NLM_F_REQUEST_DUMP)
                .putInt(1);
        requireAwake(NetlinkSocket.exchange(Libc.NETLINK_NETFILTER, request.array()));
    }

    /**
     * Checks the answers to the request for all tables.
     *
     * @throws KernelException also where they can't be read: a table that is not seen counts as no table
     */
    static void requireAwake(byte[] bytes) {
        ByteBuffer answers = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        for (int at = 0; at < bytes.length; ) {
            int length = at + HEADER <= bytes.length ? answers.getInt(at) : 0;
            if (length < HEADER || length > bytes.length - at) {
                throw malformed("message", length, at);
            }
            message(answers, at, at + length);
            at += Math.min(bytes.length - at, length + 3 & ~3);
        }
    }

    private static void message(ByteBuffer answers, int at, int end) {
        int type = answers.getShort(at + 4) & 0xffff;
        boolean last = type == NetlinkSocket.NLMSG_ERROR || type == NLMSG_DONE;
        if (type != NFT_MSG_NEWTABLE && !last) {
            return;
        }
        if (end < at + HEADERS) {
            throw malformed("message", end - at, at);
        }
        // The first byte of a struct nfgenmsg is the family: another one's table of that name is none of iptables'.
        if (type == NFT_MSG_NEWTABLE && FAMILIES.contains(answers.get(at + HEADER))) {
            table(answers, at + HEADERS, end);
        } else if (last && answers.getInt(at + HEADER) != 0) {
            refused(-answers.getInt(at + HEADER));
        }
    }

    private static KernelException malformed(String what, int length, int at) {
        return new KernelException(
                0,
                "nf_tables " + what + " of " + length + " bytes at " + at + " of the kernel's answer",
                "apply again");
    }

    private static void refused(int errno) {
        // A kernel without nf_tables: iptables-nft itself says so when it is asked for something.
        if (errno != Errno.EINVAL) {
            throw new KernelException(errno, "list the tables of nf_tables");
        }
    }

    private static void table(ByteBuffer answers, int from, int end) {
        String name = "";
        int flags = 0;
        for (int at = from; at < end; ) {
            int length = at + ATTRIBUTE <= end ? answers.getShort(at) & 0xffff : 0;
            if (length < ATTRIBUTE || length > end - at) {
                throw malformed("attribute", length, at);
            }
            int type = answers.getShort(at + 2) & 0x3fff;
            if (type == NFTA_TABLE_NAME) {
                // The last byte of it is a NUL.
                name = new String(
                        answers.array(), at + ATTRIBUTE, Math.max(0, length - ATTRIBUTE - 1), StandardCharsets.UTF_8);
            } else if (type == NFTA_TABLE_FLAGS) {
                if (length != ATTRIBUTE + Integer.BYTES) {
                    throw malformed("attribute", length, at);
                }
                // In network byte order, unlike the lengths.
                flags = Integer.reverseBytes(answers.getInt(at + ATTRIBUTE));
            }
            at += length + 3 & ~3;
        }
        if (TABLES.contains(name) && (flags & NFT_TABLE_F_DORMANT) != 0) {
            throw new KernelException(
                    0,
                    "table " + name + " of this namespace is dormant: the kernel does not look at its rules",
                    "wake it with nft, or pin iptables(LEGACY)");
        }
    }
}
