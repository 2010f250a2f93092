package dev.openshell.netns.testkit.ctnetlink;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.conntrack.Tuples;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Tuple;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Writes a flow as IPCTNL_MSG_CT_NEW does (ctnetlink_fill_info): both tuples, the status, the state of TCP. Left out
 * are the timeout, the mark, the identifier, the use count, and of TCP the window scales and flags.
 */
final class FlowMessage {
    private static final int NLA_F_NESTED = 0x8000;
    private static final int CTA_TUPLE_ORIG = 1;
    private static final int CTA_TUPLE_REPLY = 2;
    private static final int CTA_STATUS = 3;
    private static final int CTA_PROTOINFO = 4;
    private static final int CTA_TUPLE_IP = 1;
    private static final int CTA_TUPLE_PROTO = 2;
    private static final int CTA_PROTO_NUM = 1;
    private static final int CTA_PROTO_SRC_PORT = 2;
    private static final int CTA_PROTO_DST_PORT = 3;
    private static final int CTA_PROTO_ICMP_ID = 4;
    private static final int CTA_PROTO_ICMPV6_ID = 7;
    private static final int CTA_PROTOINFO_TCP = 1;
    private static final int CTA_PROTOINFO_TCP_STATE = 1;
    private static final int GRE = 47;

    private static final int IPS_SEEN_REPLY = 1 << 1;
    private static final int IPS_ASSURED = 1 << 2;
    private static final int IPS_CONFIRMED = 1 << 3;
    private static final int IPS_SRC_NAT = 1 << 4;
    private static final int IPS_DST_NAT = 1 << 5;
    private static final int IPS_SRC_NAT_DONE = 1 << 7;
    private static final int IPS_DST_NAT_DONE = 1 << 8;

    private FlowMessage() {}

    static int family(Ct ct) {
        return ct.original.source().family() == Family.IPV4 ? NetfilterResponder.AF_INET : NetfilterResponder.AF_INET6;
    }

    static byte[] of(Ct ct) {
        Bytes flow = new Bytes()
                .u8(family(ct), 0, 0, 0)
                .attribute(CTA_TUPLE_ORIG | NLA_F_NESTED, tuple(ct.original))
                .attribute(CTA_TUPLE_REPLY | NLA_F_NESTED, tuple(ct.reply))
                .attribute(CTA_STATUS, number(4, status(ct)));
        if (ct.original.protocol() == Header.TCP) {
            byte[] state = new Bytes()
                    .attribute(CTA_PROTOINFO_TCP_STATE, number(1, ct.tcpState))
                    .toBytes();
            byte[] tcp = new Bytes()
                    .attribute(CTA_PROTOINFO_TCP | NLA_F_NESTED, state)
                    .toBytes();
            flow.attribute(CTA_PROTOINFO | NLA_F_NESTED, tcp);
        }
        return flow.toBytes();
    }

    private static byte[] tuple(Tuple tuple) {
        boolean four = tuple.source().family() == Family.IPV4;
        byte[] ip = new Bytes()
                .attribute(four ? 1 : 3, tuple.source().bytes())
                .attribute(four ? 2 : 4, tuple.destination().bytes())
                .toBytes();
        return new Bytes()
                .attribute(CTA_TUPLE_IP | NLA_F_NESTED, ip)
                .attribute(CTA_TUPLE_PROTO | NLA_F_NESTED, protocol(tuple))
                .toBytes();
    }

    private static byte[] protocol(Tuple tuple) {
        int protocol = tuple.protocol();
        Bytes out = new Bytes().attribute(CTA_PROTO_NUM, number(1, protocol));
        if (Tuples.isIcmp(protocol)) {
            int first = protocol == Header.ICMP ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID;
            out.attribute(first, number(2, tuple.sourcePort()))
                    .attribute(first + 1, number(1, tuple.destinationPort() >>> 8))
                    .attribute(first + 2, number(1, tuple.destinationPort()));
        } else if (Tuples.hasPorts(protocol) || protocol == GRE) {
            out.attribute(CTA_PROTO_SRC_PORT, number(2, tuple.sourcePort()))
                    .attribute(CTA_PROTO_DST_PORT, number(2, tuple.destinationPort()));
        }
        return out.toBytes();
    }

    private static int status(Ct ct) {
        return (ct.seenReply ? IPS_SEEN_REPLY : 0)
                | (ct.assured ? IPS_ASSURED : 0)
                | (ct.confirmed ? IPS_CONFIRMED : 0)
                | (ct.sourceNat ? IPS_SRC_NAT : 0)
                | (ct.destinationNat ? IPS_DST_NAT : 0)
                | (ct.sourceNatDone ? IPS_SRC_NAT_DONE : 0)
                | (ct.destinationNatDone ? IPS_DST_NAT_DONE : 0);
    }

    /** Values stand in network byte order, unlike the lengths and types before them. */
    private static byte[] number(int length, int value) {
        return Arrays.copyOfRange(ByteBuffer.allocate(4).putInt(value).array(), 4 - length, 4);
    }
}
