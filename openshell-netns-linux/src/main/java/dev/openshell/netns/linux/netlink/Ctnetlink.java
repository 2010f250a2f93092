package dev.openshell.netns.linux.netlink;

import dev.openshell.netns.Family;
import java.util.Locale;

/**
 * The one request that this project sends to connection tracking. A message is {@code struct nfgenmsg} (family, version
 * 0, resource 0; include/uapi/linux/netfilter/nfnetlink.h) and attributes of nfnetlink_conntrack.h; its type is the
 * subsystem in the upper byte and the subsystem's own type in the lower one. Numbers in attributes are in network byte
 * order, the lengths and types of attributes in the machine's.
 */
public final class Ctnetlink {
    private static final int NFNL_SUBSYS_CTNETLINK = 1;
    static final int IPCTNL_MSG_CT_NEW = NFNL_SUBSYS_CTNETLINK << 8;
    static final int IPCTNL_MSG_CT_GET = NFNL_SUBSYS_CTNETLINK << 8 | 1;
    static final int NFGENMSG = 4;

    /** enum ctattr_type. */
    static final int CTA_TUPLE_ORIG = 1;

    static final int CTA_STATUS = 3;
    static final int CTA_PROTOINFO = 4;

    /** enum ctattr_tuple. */
    static final int CTA_TUPLE_IP = 1;

    static final int CTA_TUPLE_PROTO = 2;

    /** enum ctattr_ip. */
    static final int CTA_IP_V4_SRC = 1;

    static final int CTA_IP_V4_DST = 2;
    static final int CTA_IP_V6_SRC = 3;
    static final int CTA_IP_V6_DST = 4;

    /** enum ctattr_l4proto. */
    static final int CTA_PROTO_NUM = 1;

    static final int CTA_PROTO_SRC_PORT = 2;
    static final int CTA_PROTO_DST_PORT = 3;

    /** enum ctattr_protoinfo. */
    static final int CTA_PROTOINFO_TCP = 1;

    /** enum ctattr_protoinfo_tcp. */
    static final int CTA_PROTOINFO_TCP_STATE = 1;

    private Ctnetlink() {}

    /**
     * Asks for all flows of one family. EINVAL: the kernel has no ctnetlink. Linux could leave out flows of other
     * addresses itself (CTA_FILTER), but only from 5.8 on.
     */
    public static Request dumpFlows(Family family) {
        return new Request()
                .add(
                        "IPCTNL_MSG_CT_GET",
                        "all " + family.name().toLowerCase(Locale.ROOT) + " flows",
                        IPCTNL_MSG_CT_GET,
                        Request.NLM_F_DUMP,
                        new Attributes().raw((byte) Rtnetlink.af(family), (byte) 0, (byte) 0, (byte) 0));
    }
}
