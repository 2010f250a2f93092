package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** RTM_DELLINK and RTM_GETLINK, and what the other link messages share with them (net/core/rtnetlink.c). */
final class LinkRequests {
    static final int IFINFOMSG = 16;
    static final int IFLA_ADDRESS = 1;
    static final int IFLA_IFNAME = 3;
    static final int IFLA_LINKINFO = 18;
    static final int IFLA_NET_NS_PID = 19;
    static final int IFLA_IFALIAS = 20;
    static final int IFLA_AF_SPEC = 26;
    static final int IFLA_GROUP = 27;
    static final int IFLA_NET_NS_FD = 28;
    static final int IFLA_EXT_MASK = 29;
    static final int IFLA_NUM_TX_QUEUES = 31;
    static final int IFLA_NUM_RX_QUEUES = 32;
    static final int IFLA_TARGET_NETNSID = 46;
    static final int IFLA_ALT_IFNAME = 53;
    static final int IFF_UP = 1;

    private static final int IFLA_MTU = 4;
    private static final int IFLA_LINK = 5;
    private static final int IFF_BROADCAST = 2;
    private static final int IFF_LOOPBACK = 8;
    private static final int IFF_RUNNING = 0x40;
    private static final int IFF_MULTICAST = 0x1000;
    private static final int IFF_LOWER_UP = 0x10000;

    /** Attributes that Linux does not look at in a request. */
    static final Set<Integer> IGNORED = Set.of(6, 7, 8, 9, 11, 21, 23, 42);

    static final Policy POLICY = new Policy(69)
            .string(15, IFLA_IFNAME)
            .binary(32, IFLA_ADDRESS, 2, 34, 36)
            .atLeast(32, 14)
            .number(4, 4, 5, 10, 13, 15, 19, 27, 28, 29, 30, 31, 32, 35, 37, 40, 41, 44, 46, 47, 48, 49, 50, 51, 58)
            .number(4, 63, 64)
            .number(1, 33, 16, 17, 39)
            .binary(255, IFLA_IFALIAS)
            .nested(18, 22, 24, 25, 26, 43, 52, 55)
            .string(127, IFLA_ALT_IFNAME)
            .reject(54, 59, 60, 61, 67);

    private LinkRequests() {}

    static void uniqueNamespace(Attributes attributes) {
        long count = attributes.types().stream()
                .filter(t -> t == IFLA_NET_NS_PID || t == IFLA_NET_NS_FD || t == IFLA_TARGET_NETNSID)
                .count();
        if (count > 1) {
            throw new NetException(NetException.EINVAL, "multiple netns identifying attributes specified");
        }
    }

    static void delete(Context context, Message message) {
        ByteBuffer fixed = message.fixed(IFINFOMSG, "Invalid header length");
        Attributes attributes = Attributes.lenient(message.attributes(IFINFOMSG), POLICY, message.extack());
        uniqueNamespace(attributes);
        Set<Integer> unknown = Set.of(IFLA_TARGET_NETNSID, IFLA_ALT_IFNAME, IFLA_GROUP);
        if (attributes.types().stream().anyMatch(unknown::contains)) {
            throw new UnsupportedOperationException("attributes " + attributes.types() + " of RTM_DELLINK");
        }
        int index = fixed.getInt(4);
        String name = attributes.text(IFLA_IFNAME);
        if (index <= 0 && name == null) {
            throw new NetException(NetException.EINVAL, "");
        }
        context.machine().delete(find(context, index, name));
    }

    private static Link find(Context context, int index, @Nullable String name) {
        Optional<Link> link = index > 0
                ? context.netns().byIndex(index)
                : Optional.ofNullable(name).flatMap(n -> context.netns().findLink(n));
        return link.orElseThrow(() -> new NetException(NetException.ENODEV, ""));
    }

    static void get(Context context, Message message) {
        ByteBuffer fixed = message.fixed(IFINFOMSG, "Invalid header for get link");
        if (fixed.get(1) != 0 || fixed.getShort(2) != 0 || fixed.getInt(8) != 0 || fixed.getInt(12) != 0) {
            throw new NetException(NetException.EINVAL, "Invalid values in header for get link request");
        }
        Attributes attributes = Attributes.strict(message.attributes(IFINFOMSG), POLICY);
        for (int type : attributes.types()) {
            if (type == IFLA_ALT_IFNAME || type == IFLA_TARGET_NETNSID) {
                throw new UnsupportedOperationException("attribute " + type + " of RTM_GETLINK");
            }
            if (type != IFLA_IFNAME && type != IFLA_EXT_MASK) {
                throw new NetException(NetException.EINVAL, "Unsupported attribute in get link request");
            }
        }
        int index = fixed.getInt(4);
        String name = attributes.text(IFLA_IFNAME);
        if (index <= 0 && name == null) {
            throw new NetException(NetException.EINVAL, "");
        }
        context.answer().data(message, RtnetlinkResponder.RTM_NEWLINK, describe(find(context, index, name)));
    }

    static int flags(Link link) {
        boolean loopback = link.kind() == Link.Kind.LOOPBACK;
        int running = link.carrier() ? IFF_RUNNING | IFF_LOWER_UP : 0;
        return (loopback ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST) | (link.up() ? IFF_UP : 0) | running;
    }

    static byte[] describe(Link link) {
        boolean loopback = link.kind() == Link.Kind.LOOPBACK;
        byte[] name = link.name().getBytes(StandardCharsets.ISO_8859_1);
        Bytes out = new Bytes()
                .u8(0, 0)
                .u16(loopback ? 772 : 1)
                .u32(link.index())
                .u32(flags(link))
                .u32(0)
                .attribute(IFLA_IFNAME, Arrays.copyOf(name, name.length + 1))
                .attribute(IFLA_MTU, Bytes.number(link.mtu()))
                .attribute(IFLA_ADDRESS, link.mac());
        if (!link.alias().isEmpty()) {
            byte[] alias = link.alias().getBytes(StandardCharsets.ISO_8859_1);
            out.attribute(IFLA_IFALIAS, Arrays.copyOf(alias, alias.length + 1));
        }
        link.peer().ifPresent(p -> out.attribute(IFLA_LINK, Bytes.number(p.index())));
        if (link.kind() == Link.Kind.VETH) {
            byte[] kind = new Bytes()
                    .attribute(1, "veth\0".getBytes(StandardCharsets.US_ASCII))
                    .toBytes();
            out.attribute(IFLA_LINKINFO, kind);
        }
        return out.toBytes();
    }
}
