package dev.openshell.netns.testkit.wire;

import com.google.common.net.InetAddresses;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.sys.Libc;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The links {@code west} and {@code east} between a router's namespace and what is outside of it. They are IFF_NOARP:
 * every neighbour is there, and none is ever asked for. Nothing outside has an address.
 */
final class Wires {
    static final int WEST = 11;
    static final int EAST = 12;
    static final int LO = 1;
    /** What the MAC addresses of the far ends have more than those of the near ones. */
    static final int FAR = 10;

    private static final int IFF_UP = 1;
    private static final int IFF_NOARP = 0x80;
    private static final int RTM_NEWLINK = 16;
    /** Where an answer says what kind a route is: rtm_type, behind the message's header. */
    private static final int RTM_TYPE_AT = 16 + 7;

    private static final int RTN_LOCAL = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int XFRM_MSG_SETDEFAULT = 0x27;
    private static final byte XFRM_USERPOLICY_BLOCK = 1;
    private static final byte XFRM_USERPOLICY_ACCEPT = 2;

    /** What would answer, ask, hold answers back, or go by sequence numbers. Forwarding comes first: switching it resets others. */
    private static final Map<String, List<String>> SYSCTLS = Map.of(
            "1",
            List.of(
                    "net/ipv4/ip_forward",
                    "net/ipv6/conf/all/forwarding",
                    "net/ipv6/conf/default/forwarding",
                    "net/netfilter/nf_conntrack_tcp_be_liberal"),
            "0",
            List.of(
                    "net/ipv4/icmp_ratelimit",
                    "net/ipv6/icmp/ratelimit",
                    "net/ipv4/conf/all/send_redirects",
                    "net/ipv4/conf/default/send_redirects",
                    "net/ipv4/conf/all/accept_redirects",
                    "net/ipv4/conf/lo/disable_policy",
                    "net/ipv6/conf/default/accept_dad",
                    "net/ipv6/conf/default/accept_ra"),
            "100000000",
            List.of("net/ipv4/icmp_msgs_per_sec", "net/ipv4/icmp_msgs_burst"),
            Integer.toString(PacketWriter.ROUTER_HOPS),
            List.of("net/ipv4/ip_default_ttl", "net/ipv6/conf/all/hop_limit", "net/ipv6/conf/default/hop_limit"));

    private Wires() {}

    /** Sets a new router up, and its links, whose far ends get the index {@code far} and the one after it. */
    static void connect(JnaKernel kernel, int router, int outside, int far, boolean reversePathFilter)
            throws Exception {
        kernel.call(router, () -> {
            for (String value : List.of("1", "0", "100000000", Integer.toString(PacketWriter.ROUTER_HOPS))) {
                for (String key : SYSCTLS.get(value)) {
                    write(key, value);
                }
            }
            String filter = reversePathFilter ? "1" : "0";
            write("net/ipv4/conf/all/rp_filter", filter);
            write("net/ipv4/conf/default/rp_filter", filter);
            blockInput();
            return true;
        });
        ask(
                kernel,
                router,
                Rtnetlink.newVeth(
                                new Rtnetlink.End("west", WEST, mac(WEST)),
                                new Rtnetlink.End("west" + far, far, mac(WEST + FAR)),
                                outside)
                        .and(Rtnetlink.newVeth(
                                new Rtnetlink.End("east", EAST, mac(EAST)),
                                new Rtnetlink.End("east" + far, far + 1, mac(EAST + FAR)),
                                outside))
                        .and(Rtnetlink.noLinkLocal(WEST, "west"))
                        .and(Rtnetlink.noLinkLocal(EAST, "east"))
                        .and(Rtnetlink.setUp(LO, "lo", true)));
        up(kernel, outside, far, far + 1);
        up(kernel, router, WEST, EAST);
        ask(
                kernel,
                router,
                address(WEST, "10.200.1.1", 24)
                        .and(address(WEST, "2001:db8:1::1", 64))
                        .and(address(EAST, "203.0.113.1", 24))
                        .and(address(EAST, "2001:db8:2::1", 64))
                        .and(Rtnetlink.newDefaultRoute(EAST, InetAddresses.forString("203.0.113.254")))
                        .and(Rtnetlink.newDefaultRoute(EAST, InetAddresses.forString("2001:db8:2::fe"))));
        awaitLocal(kernel, router, "2001:db8:1::1");
        awaitLocal(kernel, router, "2001:db8:2::1");
    }

    /** Waits until the router takes an IPv6 address for its own, which a work queue sees to. */
    private static void awaitLocal(JnaKernel kernel, int router, String address) throws InterruptedException {
        byte[] question = Rtnetlink.getRoute(InetAddresses.forString(address)).toBytes();
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (kernel.netlink(router, question)[RTM_TYPE_AT] != RTN_LOCAL) {
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException(address + " is no address of the router's");
            }
            Thread.sleep(1);
        }
    }

    /** What the INPUT rules let through ends there: else the stack would answer, and change the flow by that. */
    private static void blockInput() {
        NetlinkSocket socket = new NetlinkSocket(Sockets.NETLINK_XFRM);
        try {
            NetlinkMessage policy = NetlinkMessage.of(XFRM_MSG_SETDEFAULT, NetlinkMessage.NLM_F_ACK, 1)
                    .raw(XFRM_USERPOLICY_BLOCK, XFRM_USERPOLICY_ACCEPT, XFRM_USERPOLICY_ACCEPT);
            socket.request(List.of(policy));
        } finally {
            socket.close();
        }
    }

    private static Request address(int index, String address, int prefix) {
        return Rtnetlink.newAddress(index, InetAddresses.forString(address), prefix);
    }

    private static void ask(JnaKernel kernel, int namespace, Request request) {
        List<Answers.Failure> failures = Answers.parse(request, kernel.netlink(namespace, request.toBytes()))
                .failures();
        if (!failures.isEmpty()) {
            throw new IllegalStateException(failures.toString());
        }
    }

    static void up(JnaKernel kernel, int namespace, int... indexes) throws Exception {
        int flags = IFF_UP | IFF_NOARP;
        List<NetlinkMessage> messages = new ArrayList<>();
        for (int index : indexes) {
            messages.add(NetlinkMessage.of(RTM_NEWLINK, NetlinkMessage.NLM_F_ACK, messages.size() + 1)
                    .raw32(0)
                    .raw32(index)
                    .raw32(flags)
                    .raw32(flags));
        }
        kernel.call(namespace, () -> {
            NetlinkSocket socket = new NetlinkSocket(Libc.NETLINK_ROUTE);
            try {
                socket.request(messages);
            } finally {
                socket.close();
            }
            return true;
        });
    }

    static byte[] mac(int index) {
        return new byte[] {2, 0, 0, 0, 0, (byte) index};
    }

    static void write(String key, String value) {
        int fd = Libc.open("/proc/sys/" + key, Libc.O_WRONLY | Libc.O_CLOEXEC, 0);
        try {
            byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
            if (Libc.write(fd, bytes, new NativeLong(bytes.length)).intValue() != bytes.length) {
                throw new IllegalStateException(key + ": errno " + Native.getLastError());
            }
        } finally {
            Libc.close(fd);
        }
    }
}
