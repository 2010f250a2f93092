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
    private static final int HEADERS = 20;
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
        ByteBuffer answers = ByteBuffer.wrap(NetlinkSocket.exchange(Libc.NETLINK_NETFILTER, request.array()))
                .order(ByteOrder.nativeOrder());
        for (int at = 0; at + 16 <= answers.limit(); ) {
            int length = answers.getInt(at);
            int type = answers.getShort(at + 4) & 0xffff;
            // The first byte of a struct nfgenmsg is the family: another one's table of that name is none of iptables'.
            if (type == NFT_MSG_NEWTABLE && FAMILIES.contains(answers.get(at + 16))) {
                table(answers, at + HEADERS, at + length);
            } else if (type == NetlinkSocket.NLMSG_ERROR && answers.getInt(at + 16) != 0) {
                refused(-answers.getInt(at + 16));
            }
            at += Math.max(16, length + 3 & ~3);
        }
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
        for (int at = from; at + 4 <= end; ) {
            int length = answers.getShort(at) & 0xffff;
            int type = answers.getShort(at + 2) & 0x3fff;
            if (type == NFTA_TABLE_NAME) {
                name = new String(answers.array(), at + 4, Math.max(0, length - 5), StandardCharsets.UTF_8);
            } else if (type == NFTA_TABLE_FLAGS) {
                flags = Integer.reverseBytes(answers.getInt(at + 4));
            }
            at += Math.max(4, length + 3 & ~3);
        }
        if (TABLES.contains(name) && (flags & NFT_TABLE_F_DORMANT) != 0) {
            throw new KernelException(
                    0,
                    "table " + name + " of this namespace is dormant: the kernel does not look at its rules",
                    "wake it with nft, or pin iptables(LEGACY)");
        }
    }
}
