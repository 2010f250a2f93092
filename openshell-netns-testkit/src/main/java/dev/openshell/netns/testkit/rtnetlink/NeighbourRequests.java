package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.Neighbour;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import dev.openshell.netns.testkit.packet.Ip;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** RTM_NEWNEIGH and RTM_DELNEIGH of permanent neighbours (net/core/neighbour.c). */
final class NeighbourRequests {
    static final int NDMSG = 12;

    private static final int NDA_DST = 1;
    private static final int NDA_LLADDR = 2;
    private static final int NUD_PERMANENT = 0x80;

    static final Policy POLICY = new Policy(16)
            .binary(32, NDA_DST, NDA_LLADDR)
            .atLeast(16, 3)
            .number(4, 4, 7, 8, 9, 13)
            .number(2, 5, 6)
            .number(1, 12)
            .nested(14);

    private NeighbourRequests() {}

    /** What both messages begin with: the interface, null where none is named, and the address. */
    private record Place(@Nullable Link link, Ip ip, Attributes attributes) {}

    private static Place place(Context context, Message message, boolean add) {
        ByteBuffer fixed = message.fixed(NDMSG, add ? "Invalid header length" : "");
        Attributes attributes = Attributes.lenient(message.attributes(NDMSG), POLICY, message.extack());
        byte[] raw = attributes.get(NDA_DST);
        if (raw == null) {
            throw new NetException(NetException.EINVAL, "Network address not specified");
        }
        int index = fixed.getInt(4);
        Optional<Link> link = context.netns().byIndex(index);
        if (index != 0 && link.isEmpty()) {
            throw new NetException(NetException.ENODEV, "");
        }
        byte[] mac = attributes.get(NDA_LLADDR);
        if (add && link.isPresent() && mac != null && mac.length < 6) {
            throw new NetException(NetException.EINVAL, "Invalid link address");
        }
        int family = message.family();
        if (family != RtnetlinkResponder.AF_INET && family != RtnetlinkResponder.AF_INET6) {
            throw new NetException(NetException.EAFNOSUPPORT, "");
        }
        int length = family == RtnetlinkResponder.AF_INET ? 4 : 16;
        if (raw.length < length) {
            throw new NetException(NetException.EINVAL, "Invalid network address");
        }
        if (fixed.get(10) != 0) {
            throw new UnsupportedOperationException("neighbour flags");
        }
        Ip ip = Ip.of(Arrays.copyOf(raw, length));
        attributes.requireKnown("RTM_NEWNEIGH", Set.of(NDA_DST, NDA_LLADDR), Set.of(3, 4, 5, 6, 7, 8, 9, 10, 11));
        if (link.isEmpty()) {
            throw new NetException(NetException.EINVAL, add ? "Device not specified" : "");
        }
        return new Place(link.get(), ip, attributes);
    }

    static void add(Context context, Message message) {
        Place place = place(context, message, true);
        Link link = place.link;
        int state = Bytes.read(message.payload()).getShort(8) & 0xffff;
        if (link == null || link.kind() == Link.Kind.LOOPBACK || state != NUD_PERMANENT) {
            throw new UnsupportedOperationException("neighbour of state " + state + " on " + link);
        }
        String disabled = "net/ipv6/conf/" + link.name() + "/disable_ipv6";
        boolean off = !link.netns().readSysctl(disabled).orElse("0").equals("0");
        if (place.ip.family() == Family.IPV6 && off) {
            throw new NetException(NetException.EINVAL, "IPv6 is disabled on this device");
        }
        Optional<Neighbour> old = context.netns().neighbours().stream()
                .filter(n -> n.link() == link && n.ip().equals(place.ip))
                .findFirst();
        if (old.isEmpty() && !message.flag(Message.NLM_F_CREATE)) {
            throw new NetException(NetException.ENOENT, "");
        }
        if (old.isPresent() && message.flag(Message.NLM_F_EXCL)) {
            throw new NetException(NetException.EEXIST, "");
        }
        byte[] mac = place.attributes.get(NDA_LLADDR);
        if (mac == null && old.isEmpty()) {
            throw new NetException(NetException.EINVAL, "No link layer address given");
        }
        // Without NLM_F_REPLACE the address of one that is there stays.
        boolean keeps = old.isPresent() && (mac == null || !message.flag(Message.NLM_F_REPLACE));
        byte[] kept = keeps ? old.get().mac() : Arrays.copyOf(mac, 6);
        context.netns().putNeighbour(new Neighbour(link, place.ip, kept, state));
    }

    static void delete(Context context, Message message) {
        Place place = place(context, message, false);
        Link link = place.link;
        if (link == null || !context.netns().removeNeighbour(link, place.ip)) {
            throw new NetException(NetException.ENOENT, "");
        }
    }

    static byte[] describe(Neighbour neighbour) {
        boolean four = neighbour.ip().family() == Family.IPV4;
        return new Bytes()
                .u8(four ? RtnetlinkResponder.AF_INET : RtnetlinkResponder.AF_INET6, 0, 0, 0)
                .u32(neighbour.link().index())
                .u16(neighbour.state())
                .u8(0, 1)
                .attribute(NDA_DST, neighbour.ip().bytes())
                .attribute(NDA_LLADDR, neighbour.mac())
                .toBytes();
    }
}
