package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.Machine;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Extack;
import dev.openshell.netns.testkit.netlink.Message;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** RTM_NEWLINK: makes a veth pair, or changes an interface that is there. */
final class NewLink {
    private static final int IFLA_INFO_KIND = 1;
    private static final int IFLA_INFO_DATA = 2;
    private static final int VETH_INFO_PEER = 1;
    private static final int MOST_QUEUES = 4096;
    private static final int FORCED_FLAGS = 0x1000 | 0x80 | 0x20 | 0x2000 | 0x4000 | 0x8000 | 4 | 0x100 | 0x200;
    private static final Policy INFO = new Policy(5).string(0, 1, 3).nested(2, 4);
    private static final Policy VETH = new Policy(1).atLeast(LinkRequests.IFINFOMSG, VETH_INFO_PEER);
    private static final Set<Integer> KNOWN = Set.of(
            LinkRequests.IFLA_ADDRESS,
            LinkRequests.IFLA_IFNAME,
            LinkRequests.IFLA_LINKINFO,
            LinkRequests.IFLA_IFALIAS,
            LinkRequests.IFLA_AF_SPEC,
            LinkRequests.IFLA_NET_NS_FD,
            LinkRequests.IFLA_NUM_TX_QUEUES,
            LinkRequests.IFLA_NUM_RX_QUEUES);
    /** Kinds of link that Linux may well know. */
    private static final Set<String> OTHER_KINDS = Set.of(
            "dummy",
            "bridge",
            "vlan",
            "macvlan",
            "macvtap",
            "ipvlan",
            "ipvtap",
            "tun",
            "vxlan",
            "bond",
            "team",
            "ifb",
            "gre",
            "gretap",
            "ip6gre",
            "ip6gretap",
            "sit",
            "ipip",
            "ip6tnl",
            "vti",
            "vti6",
            "wireguard",
            "vrf",
            "xfrm",
            "geneve",
            "nlmon",
            "hsr",
            "netkit",
            "vcan",
            "can",
            "gtp",
            "macsec",
            "netdevsim",
            "bareudp",
            "rmnet",
            "erspan",
            "ip6erspan",
            "lowpan",
            "ppp",
            "amt",
            "batadv",
            "ovpn",
            "vxcan",
            "wwan",
            "ipoib",
            "vsockmon",
            "pfcp");

    /** One end as a message describes it. */
    private record End(ByteBuffer fixed, Attributes attributes) {
        int index() {
            return fixed.getInt(4);
        }

        Optional<byte[]> mac() {
            return Optional.ofNullable(attributes.get(LinkRequests.IFLA_ADDRESS));
        }
    }

    private final Context context;
    private final Message message;

    NewLink(Context context, Message message) {
        this.context = context;
        this.message = message;
    }

    void perform() {
        ByteBuffer fixed = message.fixed(LinkRequests.IFINFOMSG, "Invalid header length");
        Attributes attributes =
                Attributes.lenient(message.attributes(LinkRequests.IFINFOMSG), LinkRequests.POLICY, message.extack());
        LinkRequests.uniqueNamespace(attributes);
        attributes.requireKnown("RTM_NEWLINK", KNOWN, LinkRequests.IGNORED);
        End end = new End(fixed, attributes);
        Optional<Attributes> info =
                Optional.ofNullable(attributes.get(LinkRequests.IFLA_LINKINFO)).map(NewLink::info);
        Optional<String> kind = info.map(i -> i.text(IFLA_INFO_KIND));
        if (kind.filter(OTHER_KINDS::contains).isPresent()) {
            throw new UnsupportedOperationException("link of kind " + kind.get());
        }
        boolean veth = kind.filter("veth"::equals).isPresent();
        @Nullable End peer = null;
        Netns peerNetns = context.netns();
        if (veth) {
            byte[] data = info.orElseThrow().get(IFLA_INFO_DATA);
            byte[] inner = data == null
                    ? null
                    : Attributes.lenient(data, VETH, message.extack()).get(VETH_INFO_PEER);
            requireMac(attributes);
            if (inner != null) {
                peer = peer(inner);
                peerNetns = namespace(peer.attributes);
            } else {
                peerNetns = namespace(attributes);
            }
        }
        Netns target = namespace(attributes);
        Optional<Link> existing = existing(end);
        if (existing.isPresent()) {
            if (message.flag(Message.NLM_F_EXCL)) {
                throw new NetException(NetException.EEXIST, "");
            }
            if (message.flag(Message.NLM_F_REPLACE)
                    || info.filter(i -> i.has(IFLA_INFO_DATA)).isPresent()) {
                throw new NetException(NetException.EOPNOTSUPP, "");
            }
            change(existing.get(), end, target);
            return;
        }
        if (!message.flag(Message.NLM_F_CREATE)) {
            throw new NetException(NetException.ENODEV, "");
        }
        if (!veth) {
            throw new NetException(NetException.EOPNOTSUPP, "Unknown device type");
        }
        create(end, target, peer, peerNetns);
    }

    private static Attributes info(byte[] raw) {
        try {
            return Attributes.lenient(raw, INFO, new Extack());
        } catch (NetException e) {
            throw new NetException(e.errno(), "");
        }
    }

    private End peer(byte[] raw) {
        ByteBuffer fixed = Bytes.read(raw);
        if (fixed.getInt(4) < 0) {
            throw new NetException(NetException.EINVAL, "ifindex can't be negative");
        }
        byte[] rest = Arrays.copyOfRange(raw, LinkRequests.IFINFOMSG, raw.length);
        Attributes attributes = Attributes.lenient(rest, LinkRequests.POLICY, message.extack());
        requireMac(attributes);
        LinkRequests.uniqueNamespace(attributes);
        attributes.requireKnown("a veth's peer", KNOWN, LinkRequests.IGNORED);
        return new End(fixed, attributes);
    }

    private static void requireMac(Attributes attributes) {
        byte[] mac = attributes.get(LinkRequests.IFLA_ADDRESS);
        if (mac != null && mac.length != 6) {
            throw new NetException(NetException.EINVAL, "");
        }
        if (mac != null && !validMac(mac)) {
            throw new NetException(NetException.EADDRNOTAVAIL, "");
        }
    }

    private static boolean validMac(byte[] mac) {
        return (mac[0] & 1) == 0 && !Arrays.equals(mac, 0, 6, new byte[6], 0, 6);
    }

    private Netns namespace(Attributes attributes) {
        if (!attributes.has(LinkRequests.IFLA_NET_NS_FD)) {
            return context.netns();
        }
        return context.descriptors()
                .apply(attributes.u32(LinkRequests.IFLA_NET_NS_FD, -1))
                .orElseThrow(() -> new NetException(NetException.EBADF, ""));
    }

    private Optional<Link> existing(End end) {
        if (end.index() < 0) {
            throw new NetException(NetException.EINVAL, "ifindex can't be negative");
        }
        if (end.index() > 0) {
            return context.netns().byIndex(end.index());
        }
        return Optional.ofNullable(end.attributes.text(LinkRequests.IFLA_IFNAME))
                .flatMap(n -> context.netns().findLink(n));
    }

    private void create(End end, Netns target, @Nullable End peer, Netns peerNetns) {
        requireQueues(end);
        if (end.attributes.has(LinkRequests.IFLA_AF_SPEC)) {
            throw new UnsupportedOperationException("IFLA_AF_SPEC of a link that is made");
        }
        if (peer != null) {
            requireQueues(peer);
            if (peer.attributes.has(LinkRequests.IFLA_AF_SPEC)) {
                throw new UnsupportedOperationException("IFLA_AF_SPEC of a link that is made");
            }
        }
        requireOnlyUp(end.fixed, 0x1002);
        if (peer != null) {
            requireOnlyUp(peer.fixed, 0x1002);
        }
        Optional<String> peerName = Optional.ofNullable(peer).map(p -> p.attributes.text(LinkRequests.IFLA_IFNAME));
        Machine.End there = new Machine.End(
                peerNetns,
                peerName.orElse("veth%d"),
                peer == null ? 0 : peer.index(),
                peer == null ? Optional.empty() : peer.mac());
        String name = end.attributes.text(LinkRequests.IFLA_IFNAME);
        Machine.End here = new Machine.End(target, name == null ? "veth%d" : name, end.index(), end.mac());
        Link[] made = context.machine().addVeth(here, there);
        if (peer != null) {
            changeFlags(made[1], peer.fixed);
        }
        changeFlags(made[0], end.fixed);
    }

    private static void requireQueues(End end) {
        int sending = end.attributes.u32(LinkRequests.IFLA_NUM_TX_QUEUES, 1);
        int receiving = end.attributes.u32(LinkRequests.IFLA_NUM_RX_QUEUES, 1);
        if (sending < 1 || sending > MOST_QUEUES) {
            throw new NetException(NetException.EINVAL, "Invalid number of transmit queues");
        }
        if (receiving < 1 || receiving > MOST_QUEUES) {
            throw new NetException(NetException.EINVAL, "Invalid number of receive queues");
        }
    }

    private void change(Link link, End end, Netns target) {
        byte[] mac = end.attributes.get(LinkRequests.IFLA_ADDRESS);
        String alias = end.attributes.text(LinkRequests.IFLA_IFALIAS);
        if (mac != null && mac.length < 6) {
            throw new NetException(NetException.EINVAL, "");
        }
        byte[] families = end.attributes.get(LinkRequests.IFLA_AF_SPEC);
        AfSpec spec = families == null ? AfSpec.NONE : AfSpec.parse(families, message.extack());
        requireOnlyUp(end.fixed, LinkRequests.flags(link));
        String text = end.attributes.text(LinkRequests.IFLA_IFNAME);
        Optional<String> name = Optional.ofNullable(text).filter(n -> !n.isEmpty());
        if (target != context.netns()) {
            context.machine().move(link, target, name);
        }
        if (mac != null) {
            if (link.kind() == Link.Kind.LOOPBACK) {
                throw new UnsupportedOperationException("MAC address of lo");
            }
            if (!validMac(mac)) {
                throw new NetException(NetException.EADDRNOTAVAIL, "");
            }
            link.setMac(Arrays.copyOf(mac, 6));
        }
        if (end.index() > 0 && name.isPresent()) {
            context.machine().rename(link, name.get());
        }
        if (alias != null) {
            link.setAlias(alias);
        }
        changeFlags(link, end.fixed);
        spec.apply(link);
    }

    /** Fails for a change of flags other than IFF_UP that Linux would make. */
    private static void requireOnlyUp(ByteBuffer fixed, int old) {
        int flags = fixed.getInt(8);
        int mask = fixed.getInt(12);
        if (flags == 0 && mask == 0) {
            return;
        }
        int wanted = mask == 0 ? flags : flags & mask | old & ~mask;
        if (((wanted ^ old) & FORCED_FLAGS) != 0) {
            throw new UnsupportedOperationException("interface flags " + Integer.toHexString(wanted ^ old));
        }
    }

    private static void changeFlags(Link link, ByteBuffer fixed) {
        int flags = fixed.getInt(8);
        int mask = fixed.getInt(12);
        if ((flags != 0 || mask != 0) && (mask == 0 || (mask & LinkRequests.IFF_UP) != 0)) {
            link.netns().setUp(link, (flags & LinkRequests.IFF_UP) != 0);
        }
    }
}
