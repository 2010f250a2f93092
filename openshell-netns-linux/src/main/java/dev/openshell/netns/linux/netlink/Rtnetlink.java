package dev.openshell.netns.linux.netlink;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import java.net.InetAddress;

/**
 * The rtnetlink requests that this project sends (rtnetlink(7), include/uapi/linux/rtnetlink.h, if_link.h, if_addr.h,
 * neighbour.h, veth.h). Interfaces are named or given by index; addresses are in network byte order.
 */
public final class Rtnetlink {
    static final int RTM_NEWLINK = 16;
    static final int RTM_DELLINK = 17;
    static final int RTM_GETLINK = 18;
    static final int RTM_NEWADDR = 20;
    static final int RTM_GETADDR = 22;
    private static final int RTM_F_FIB_MATCH = 0x2000;
    static final int RTM_NEWROUTE = 24;
    static final int RTM_GETROUTE = 26;
    static final int RTM_NEWNEIGH = 28;

    static final int IFLA_ADDRESS = 1;
    static final int IFLA_IFNAME = 3;
    static final int IFLA_LINKINFO = 18;
    static final int IFLA_IFALIAS = 20;
    static final int IFLA_AF_SPEC = 26;
    static final int IFLA_NET_NS_FD = 28;
    static final int IFLA_NUM_TX_QUEUES = 31;
    static final int IFLA_NUM_RX_QUEUES = 32;
    static final int IFLA_INFO_KIND = 1;
    static final int IFLA_INFO_DATA = 2;
    static final int VETH_INFO_PEER = 1;
    static final int IFLA_INET6_ADDR_GEN_MODE = 8;
    static final int IN6_ADDR_GEN_MODE_NONE = 1;
    static final int IFF_UP = 1;
    static final int IFA_ADDRESS = 1;
    static final int IFA_LOCAL = 2;
    static final int IFA_F_NODAD = 2;
    static final int RTA_DST = 1;
    static final int RTA_OIF = 4;
    static final int RTA_GATEWAY = 5;
    static final int RT_TABLE_MAIN = 254;
    static final int RTPROT_STATIC = 4;
    static final int RTN_UNICAST = 1;
    static final int NDA_DST = 1;
    static final int NDA_LLADDR = 2;
    static final int NUD_PERMANENT = 0x80;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;

    private Rtnetlink() {}

    /** One end of a link that is to be made: name, interface index, MAC address of six bytes. */
    public record End(String name, int index, byte[] mac) {}

    /**
     * Makes a veth pair, both ends down, {@code peer} in the namespace of descriptor {@code peerNamespace}. EEXIST: a
     * name or an index is taken. One queue each; no link-local address is ever generated.
     */
    public static Request newVeth(End host, End peer, int peerNamespace) {
        Attributes payload = end(host).nested(IFLA_LINKINFO, info -> info.string(IFLA_INFO_KIND, "veth")
                .nested(
                        IFLA_INFO_DATA,
                        data -> data.bytes(
                                VETH_INFO_PEER,
                                end(peer).u32(IFLA_NET_NS_FD, peerNamespace).toBytes())));
        return new Request()
                .add(
                        "RTM_NEWLINK",
                        host.name(),
                        RTM_NEWLINK,
                        Request.NLM_F_ACK | Request.NLM_F_CREATE | Request.NLM_F_EXCL,
                        payload);
    }

    private static Attributes end(End end) {
        return ifinfo(end.index(), 0, 0)
                .string(IFLA_IFNAME, end.name())
                .bytes(IFLA_ADDRESS, end.mac())
                .u32(IFLA_NUM_TX_QUEUES, 1)
                .u32(IFLA_NUM_RX_QUEUES, 1);
    }

    /** Switches the interface's automatic link-local address off. EAFNOSUPPORT where the kernel has no IPv6. */
    public static Request noLinkLocal(int index, String name) {
        return new Request()
                .add(
                        "RTM_NEWLINK addr_gen_mode",
                        name,
                        RTM_NEWLINK,
                        Request.NLM_F_ACK,
                        ifinfo(index, 0, 0)
                                .nested(
                                        IFLA_AF_SPEC,
                                        spec -> spec.nested(
                                                AF_INET6,
                                                inet6 -> inet6.u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE))));
    }

    /** Writes {@code text}, at most 255 bytes, on the interface; it goes with that. */
    public static Request alias(int index, String name, String text) {
        return new Request()
                .add(
                        "RTM_NEWLINK alias",
                        name,
                        RTM_NEWLINK,
                        Request.NLM_F_ACK,
                        ifinfo(index, 0, 0).string(IFLA_IFALIAS, text));
    }

    /** Brings the interface up or down. ENODEV: there is none of this index. */
    public static Request setUp(int index, String name, boolean up) {
        return new Request()
                .add(
                        up ? "RTM_NEWLINK up" : "RTM_NEWLINK down",
                        name,
                        RTM_NEWLINK,
                        Request.NLM_F_ACK,
                        ifinfo(index, up ? IFF_UP : 0, IFF_UP));
    }

    /** Deletes the interface and its peer. Waits for an RCU grace period, 20 to 40 ms. */
    public static Request deleteLink(int index, String name) {
        return new Request().add("RTM_DELLINK", name, RTM_DELLINK, Request.NLM_F_ACK, ifinfo(index, 0, 0));
    }

    /** Adds an address. EEXIST: the interface has it already. */
    public static Request newAddress(int index, InetAddress address, int prefix) {
        Family family = Family.of(address);
        int flags = family == Family.IPV6 ? IFA_F_NODAD : 0;
        Attributes payload = new Attributes()
                .raw((byte) af(family), (byte) prefix, (byte) flags, (byte) 0)
                .raw32(index)
                .bytes(IFA_LOCAL, address.getAddress())
                .bytes(IFA_ADDRESS, address.getAddress());
        return new Request()
                .add(
                        "RTM_NEWADDR",
                        InetAddresses.toAddrString(address),
                        RTM_NEWADDR,
                        Request.NLM_F_ACK | Request.NLM_F_CREATE | Request.NLM_F_EXCL,
                        payload);
    }

    /** Adds the default route of the gateway's family. ENETUNREACH: the gateway is not on the link, or it is down. */
    public static Request newDefaultRoute(int index, InetAddress gateway) {
        Attributes payload = route(Family.of(gateway), 0)
                .bytes(RTA_GATEWAY, gateway.getAddress())
                .u32(RTA_OIF, index);
        return new Request()
                .add(
                        "RTM_NEWROUTE default via",
                        InetAddresses.toAddrString(gateway),
                        RTM_NEWROUTE,
                        Request.NLM_F_ACK | Request.NLM_F_CREATE | Request.NLM_F_EXCL,
                        payload);
    }

    /** Adds a neighbour that never expires, so that the link needs neither ARP nor ICMPv6. */
    public static Request newNeighbour(int index, InetAddress address, byte[] mac) {
        Attributes payload = new Attributes()
                .raw((byte) af(Family.of(address)), (byte) 0, (byte) 0, (byte) 0)
                .raw32(index)
                .raw((byte) NUD_PERMANENT, (byte) 0, (byte) 0, (byte) 0)
                .bytes(NDA_DST, address.getAddress())
                .bytes(NDA_LLADDR, mac);
        return new Request()
                .add(
                        "RTM_NEWNEIGH",
                        InetAddresses.toAddrString(address),
                        RTM_NEWNEIGH,
                        Request.NLM_F_ACK | Request.NLM_F_CREATE,
                        payload);
    }

    /** Asks for all interfaces. */
    public static Request dumpLinks() {
        return new Request().add("RTM_GETLINK", "all links", RTM_GETLINK, Request.NLM_F_DUMP, ifinfo(0, 0, 0));
    }

    /** Asks for all addresses of both families. */
    public static Request dumpAddresses() {
        return new Request()
                .add(
                        "RTM_GETADDR",
                        "all addresses",
                        RTM_GETADDR,
                        Request.NLM_F_DUMP,
                        new Attributes().raw32(0).raw32(0));
    }

    /** Asks for all routes of one family, of all tables. */
    public static Request dumpRoutes(Family family) {
        return new Request()
                .add(
                        "RTM_GETROUTE",
                        "all routes",
                        RTM_GETROUTE,
                        Request.NLM_F_DUMP,
                        new Attributes()
                                .raw((byte) af(family), (byte) 0, (byte) 0, (byte) 0)
                                .raw32(0)
                                .raw32(0));
    }

    /** Asks for the interface of {@code index}. */
    public static Request getLink(int index) {
        return new Request()
                .add("RTM_GETLINK", "interface " + index, RTM_GETLINK, Request.NLM_F_ACK, ifinfo(index, 0, 0));
    }

    /** Asks for the entry that decides where a packet to {@code destination} goes. ENETUNREACH: there is none. */
    public static Request matchRoute(InetAddress destination) {
        return getRoute(destination, RTM_F_FIB_MATCH);
    }

    /** Asks for the route that a packet to {@code destination} takes. ENETUNREACH, EHOSTUNREACH, EACCES: none. */
    public static Request getRoute(InetAddress destination) {
        return getRoute(destination, 0);
    }

    private static Request getRoute(InetAddress destination, int flags) {
        Family family = Family.of(destination);
        Attributes payload = new Attributes()
                .raw((byte) af(family), (byte) family.bits(), (byte) 0, (byte) 0)
                .raw32(0)
                .raw32(flags)
                .bytes(RTA_DST, destination.getAddress());
        return new Request()
                .add("RTM_GETROUTE", InetAddresses.toAddrString(destination), RTM_GETROUTE, Request.NLM_F_ACK, payload);
    }

    private static Attributes ifinfo(int index, int flags, int change) {
        return new Attributes().raw32(0).raw32(index).raw32(flags).raw32(change);
    }

    private static Attributes route(Family family, int prefix) {
        return new Attributes()
                .raw((byte) af(family), (byte) prefix, (byte) 0, (byte) 0)
                .raw((byte) RT_TABLE_MAIN, (byte) RTPROT_STATIC, (byte) 0, (byte) RTN_UNICAST)
                .raw32(0);
    }

    static int af(Family family) {
        return family == Family.IPV4 ? AF_INET : AF_INET6;
    }
}
