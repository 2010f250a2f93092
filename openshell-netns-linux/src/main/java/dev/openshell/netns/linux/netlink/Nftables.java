package dev.openshell.netns.linux.netlink;

import dev.openshell.netns.Family;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * What this project asks of nf_tables (include/uapi/linux/netfilter/nf_tables.h): all tables, chains and rules of a
 * namespace. A message is {@code struct nfgenmsg} and attributes; numbers in attributes are in network byte order.
 */
public final class Nftables {
    private static final int NFNL_SUBSYS_NFTABLES = 10;
    static final int NFT_MSG_NEWTABLE = NFNL_SUBSYS_NFTABLES << 8;
    static final int NFT_MSG_GETTABLE = NFNL_SUBSYS_NFTABLES << 8 | 1;
    static final int NFT_MSG_NEWCHAIN = NFNL_SUBSYS_NFTABLES << 8 | 3;
    static final int NFT_MSG_GETCHAIN = NFNL_SUBSYS_NFTABLES << 8 | 4;
    static final int NFT_MSG_NEWRULE = NFNL_SUBSYS_NFTABLES << 8 | 6;
    static final int NFT_MSG_GETRULE = NFNL_SUBSYS_NFTABLES << 8 | 7;
    private static final int NFNL_MSG_BATCH_BEGIN = 16;
    private static final int NFNL_MSG_BATCH_END = 17;
    private static final int NFTA_CHAIN_TYPE = 7;
    private static final int NEW = Request.NLM_F_CREATE | Request.NLM_F_EXCL | Request.NLM_F_ACK;
    private static final String FILTER = "filter";

    /** enum nf_inet_hooks, by the chain that iptables has there. */
    private static final Map<String, Integer> HOOKS = Map.of("INPUT", 1, "FORWARD", 2, "OUTPUT", 3);

    private static final int NFGENMSG = 4;
    private static final int NLA_TYPE_MASK = 0x3fff;

    private Nftables() {}

    /** Asks for all tables. EINVAL: the kernel has no nf_tables. */
    public static Request dumpTables() {
        return dump("NFT_MSG_GETTABLE", "all tables", NFT_MSG_GETTABLE);
    }

    /** Asks for all chains. */
    public static Request dumpChains() {
        return dump("NFT_MSG_GETCHAIN", "all chains", NFT_MSG_GETCHAIN);
    }

    /** Asks for all rules. */
    public static Request dumpRules() {
        return dump("NFT_MSG_GETRULE", "all rules", NFT_MSG_GETRULE);
    }

    /**
     * Returns a batch, which is done as a whole or not at all, that makes the table {@code filter} of {@code family} as
     * iptables-nft would, with the base chains of {@code policies} in it. EEXIST: there is such a table.
     *
     * @param policies for each of INPUT, FORWARD and OUTPUT whether it drops what no rule of it decides
     */
    public static Request newFilter(Family family, Map<String, Boolean> policies) {
        int nfproto = Rtnetlink.af(family);
        Request request = new Request().add("NFNL_MSG_BATCH_BEGIN", "", NFNL_MSG_BATCH_BEGIN, 0, batch());
        request.add(
                "NFT_MSG_NEWTABLE",
                FILTER,
                NFT_MSG_NEWTABLE,
                NEW,
                header(nfproto).string(NftRuleset.NFTA_TABLE_NAME, FILTER).u32(NftRuleset.NFTA_TABLE_FLAGS, 0));
        policies.forEach((chain, drops) -> request.add(
                "NFT_MSG_NEWCHAIN",
                chain,
                NFT_MSG_NEWCHAIN,
                NEW,
                header(nfproto)
                        .string(NftRuleset.NFTA_CHAIN_TABLE, FILTER)
                        .string(NftRuleset.NFTA_CHAIN_NAME, chain)
                        .nested(NftRuleset.NFTA_CHAIN_HOOK, hook -> hook.u32(
                                        NftRuleset.NFTA_HOOK_HOOKNUM, Integer.reverseBytes(HOOKS.get(chain)))
                                .u32(NftRuleset.NFTA_HOOK_PRIORITY, 0))
                        .u32(NftRuleset.NFTA_CHAIN_POLICY, Integer.reverseBytes(drops ? 0 : 1))
                        .string(NFTA_CHAIN_TYPE, FILTER)));
        return request.add("NFNL_MSG_BATCH_END", "", NFNL_MSG_BATCH_END, 0, batch());
    }

    /** A struct nfgenmsg; 0 is every family. */
    private static Attributes header(int family) {
        return new Attributes().raw((byte) family, (byte) 0, (byte) 0, (byte) 0);
    }

    /** Which subsystem the batch is for is in network byte order. */
    private static Attributes batch() {
        return new Attributes().raw((byte) 0, (byte) 0, (byte) 0, (byte) NFNL_SUBSYS_NFTABLES);
    }

    private static Request dump(String name, String object, int type) {
        return new Request().add(name, object, type, Request.NLM_F_DUMP, header(0));
    }

    /**
     * Returns the base chains of the answers to all three requests, in the kernel's order. Those of dormant tables,
     * which the kernel does not look at, are left out.
     *
     * @throws IllegalArgumentException when an attribute is cut off or claims an impossible length
     */
    public static List<BaseChain> baseChains(Collection<byte[]> answers) {
        NftRuleset ruleset = new NftRuleset();
        for (byte[] answer : answers) {
            read(answer, ruleset);
        }
        return ruleset.baseChains();
    }

    private static void read(byte[] answer, NftRuleset ruleset) {
        ByteBuffer in = ByteBuffer.wrap(answer).order(ByteOrder.nativeOrder());
        for (int at = 0; at + Request.HEADER <= in.limit(); ) {
            int length = in.getInt(at);
            if (length < Request.HEADER || length > in.limit() - at) {
                throw new IllegalArgumentException("netlink message of " + length + " bytes at " + at);
            }
            int type = in.getShort(at + 4) & 0xffff;
            ByteBuffer payload =
                    in.slice(at + Request.HEADER, length - Request.HEADER).order(ByteOrder.nativeOrder());
            if (type == NFT_MSG_NEWTABLE && payload.limit() >= NFGENMSG) {
                ruleset.table(payload.get(0), AttributeMap.read(payload, NFGENMSG));
            } else if (type == NFT_MSG_NEWCHAIN && payload.limit() >= NFGENMSG) {
                ruleset.chain(payload.get(0), AttributeMap.read(payload, NFGENMSG));
            } else if (type == NFT_MSG_NEWRULE && payload.limit() >= NFGENMSG) {
                ruleset.rule(payload.get(0), AttributeMap.read(payload, NFGENMSG));
            }
            at += Answers.align(length);
        }
    }

    /** Returns the values of a list of attributes, in order: {@link AttributeMap} keeps the last of each type. */
    static List<byte[]> list(byte[] nested) {
        List<byte[]> values = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(nested).order(ByteOrder.nativeOrder());
        for (int at = 0; at + 4 <= in.limit(); ) {
            int length = in.getShort(at) & 0xffff;
            if (length < 4 || length > in.limit() - at || (in.getShort(at + 2) & NLA_TYPE_MASK) == 0) {
                throw new IllegalArgumentException("netlink attribute of " + length + " bytes at " + at);
            }
            byte[] value = new byte[length - 4];
            in.get(at + 4, value);
            values.add(value);
            at += Answers.align(length);
        }
        return values;
    }

    /**
     * A chain that packets begin at.
     *
     * @param family {@code inet}, {@code ip}, {@code ip6}, or the number of another one
     * @param table its table
     * @param name its name
     * @param hook the number of its hook, in the numbering of its family
     * @param priority where it stands among the chains of its hook
     * @param policyDrop whether it drops what no rule of it decides
     * @param drops whether a rule of it, or of a chain that it jumps to, drops or rejects
     * @param maps whether one of them looks its verdict up, which can be a drop
     */
    public record BaseChain(
            String family,
            String table,
            String name,
            int hook,
            int priority,
            boolean policyDrop,
            boolean drops,
            boolean maps) {}
}
