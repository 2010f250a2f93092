package dev.openshell.netns.linux.netlink;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;

/**
 * A flow that connection tracking knows, as its first packet was before any NAT.
 *
 * @param source where it comes from
 * @param destination where it was sent to
 * @param protocol the number in the IP header
 * @param sourcePort the source's port, 0 where the protocol has none
 * @param destinationPort the destination's port, 0 where the protocol has none
 * @param status bits of {@code enum ip_conntrack_status} (include/uapi/linux/netfilter/nf_conntrack_common.h)
 * @param tcpState of TCP, but for flows that a flowtable has taken over
 */
public record TrackedFlow(
        InetAddress source,
        InetAddress destination,
        int protocol,
        int sourcePort,
        int destinationPort,
        int status,
        Optional<TcpState> tcpState) {
    /** In {@link #status}: it was answered. */
    public static final int IPS_SEEN_REPLY = 2;
    /** In {@link #status}: it is kept also where the table is full. */
    public static final int IPS_ASSURED = 4;
    /** In {@link #status}: its first packet got through. */
    public static final int IPS_CONFIRMED = 8;

    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;

    /**
     * Reads an IPCTNL_MSG_CT_NEW.
     *
     * @throws IllegalArgumentException when it is cut off, or something that each flow has is missing or misshapen
     */
    static TrackedFlow parse(ByteBuffer message) {
        if (message.limit() < Ctnetlink.NFGENMSG) {
            throw new IllegalArgumentException("nfgenmsg of " + message.limit() + " bytes");
        }
        int family = message.get(0) & 0xff;
        if (family != AF_INET && family != AF_INET6) {
            throw new IllegalArgumentException("flow of address family " + family);
        }
        Map<Integer, byte[]> flow = AttributeMap.read(message, Ctnetlink.NFGENMSG);
        Map<Integer, byte[]> tuple = nested(flow, Ctnetlink.CTA_TUPLE_ORIG, "CTA_TUPLE_ORIG");
        Map<Integer, byte[]> ip = nested(tuple, Ctnetlink.CTA_TUPLE_IP, "CTA_TUPLE_IP");
        Map<Integer, byte[]> protocol = nested(tuple, Ctnetlink.CTA_TUPLE_PROTO, "CTA_TUPLE_PROTO");
        boolean four = family == AF_INET;
        return new TrackedFlow(
                four
                        ? address(value(ip, Ctnetlink.CTA_IP_V4_SRC, 4, "CTA_IP_V4_SRC"))
                        : address(value(ip, Ctnetlink.CTA_IP_V6_SRC, 16, "CTA_IP_V6_SRC")),
                four
                        ? address(value(ip, Ctnetlink.CTA_IP_V4_DST, 4, "CTA_IP_V4_DST"))
                        : address(value(ip, Ctnetlink.CTA_IP_V6_DST, 16, "CTA_IP_V6_DST")),
                value(protocol, Ctnetlink.CTA_PROTO_NUM, 1, "CTA_PROTO_NUM")[0] & 0xff,
                port(protocol, Ctnetlink.CTA_PROTO_SRC_PORT, "CTA_PROTO_SRC_PORT"),
                port(protocol, Ctnetlink.CTA_PROTO_DST_PORT, "CTA_PROTO_DST_PORT"),
                ByteBuffer.wrap(value(flow, Ctnetlink.CTA_STATUS, 4, "CTA_STATUS"))
                        .getInt(),
                tcpState(flow));
    }

    private static Optional<TcpState> tcpState(Map<Integer, byte[]> flow) {
        if (!flow.containsKey(Ctnetlink.CTA_PROTOINFO)) {
            return Optional.empty();
        }
        Map<Integer, byte[]> info = nested(flow, Ctnetlink.CTA_PROTOINFO, "CTA_PROTOINFO");
        if (!info.containsKey(Ctnetlink.CTA_PROTOINFO_TCP)) {
            return Optional.empty();
        }
        Map<Integer, byte[]> tcp = nested(info, Ctnetlink.CTA_PROTOINFO_TCP, "CTA_PROTOINFO_TCP");
        byte[] state = value(tcp, Ctnetlink.CTA_PROTOINFO_TCP_STATE, 1, "CTA_PROTOINFO_TCP_STATE");
        return Optional.of(TcpState.of(state[0] & 0xff));
    }

    private static Map<Integer, byte[]> nested(Map<Integer, byte[]> attributes, int type, String name) {
        byte[] value = attributes.get(type);
        if (value == null) {
            throw new IllegalArgumentException("flow without " + name);
        }
        try {
            return AttributeMap.nested(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }

    private static byte[] value(Map<Integer, byte[]> attributes, int type, int length, String name) {
        byte[] value = attributes.get(type);
        if (value == null || value.length != length) {
            throw new IllegalArgumentException(
                    value == null ? "flow without " + name : name + " of " + value.length + " bytes, not " + length);
        }
        return value;
    }

    private static int port(Map<Integer, byte[]> protocol, int type, String name) {
        return protocol.containsKey(type)
                ? ByteBuffer.wrap(value(protocol, type, 2, name)).getShort() & 0xffff
                : 0;
    }

    /** An IPv4-mapped IPv6 address stays one, where {@link InetAddress#getByAddress} makes an IPv4 address of it. */
    private static InetAddress address(byte[] raw) {
        try {
            return raw.length == 4 ? InetAddress.getByAddress(raw) : Inet6Address.getByAddress(null, raw, -1);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("netlink address of " + raw.length + " bytes", e);
        }
    }
}
