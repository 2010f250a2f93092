package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.Address;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import dev.openshell.netns.testkit.packet.Ip;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** RTM_NEWADDR and RTM_DELADDR (devinet.c, addrconf.c). */
final class AddressRequests {
    static final int IFADDRMSG = 8;
    static final int IFA_ADDRESS = 1;
    static final int IFA_LOCAL = 2;
    static final int IFA_LABEL = 3;
    static final int IFA_FLAGS = 8;

    private static final int IFA_F_OPTIMISTIC = 4;
    private static final int IFA_F_MCAUTOJOIN = 0x400;
    private static final int IFA_F_MANAGETEMPADDR = 0x100;
    /** Of the flags that a request may carry, those that IPv4 keeps and those that IPv6 keeps. */
    private static final int IPV4_FLAGS = ~(0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x20 | 0x40 | 0x100 | 0x800);

    private static final int IPV6_FLAGS = 0x02 | 0x10 | 0x100 | 0x200 | 0x400;
    private static final Set<Integer> KNOWN = Set.of(IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS);

    static final Policy IPV4 = new Policy(11)
            .number(4, IFA_LOCAL, IFA_ADDRESS, 4, IFA_FLAGS, 9, 10)
            .string(15, IFA_LABEL)
            .atLeast(16, 6)
            .number(1, 11);
    static final Policy IPV6 = new Policy(11)
            .atLeast(16, IFA_ADDRESS, IFA_LOCAL, 6)
            .number(4, IFA_FLAGS, 9, 10)
            .number(1, 11);

    private AddressRequests() {}

    private static boolean isIpv6(Message message) {
        return message.family() == RtnetlinkResponder.AF_INET6;
    }

    private static Ip ip(Message message, byte[] raw) {
        return Ip.of(Arrays.copyOf(raw, isIpv6(message) ? 16 : 4));
    }

    static void add(Context context, Message message) {
        ByteBuffer fixed = message.fixed(IFADDRMSG, "Invalid header length");
        Policy policy = isIpv6(message) ? IPV6 : IPV4;
        Attributes attributes = Attributes.lenient(message.attributes(IFADDRMSG), policy, message.extack());
        attributes.requireKnown("RTM_NEWADDR", KNOWN, isIpv6(message) ? Set.of(3, 4, 5, 7) : Set.of(5, 7));
        int flags = attributes.u32(IFA_FLAGS, fixed.get(2) & 0xff);
        if (isIpv6(message)) {
            add6(context, message, attributes, flags);
        } else {
            add4(context, message, attributes, flags);
        }
    }

    private static void add4(Context context, Message message, Attributes attributes, int flags) {
        ByteBuffer fixed = Bytes.read(message.payload());
        int prefix = fixed.get(1) & 0xff;
        byte[] local = attributes.get(IFA_LOCAL);
        if (prefix > 32) {
            throw new NetException(NetException.EINVAL, "ipv4: Invalid prefix length");
        }
        if (local == null) {
            throw new NetException(NetException.EINVAL, "ipv4: Local address is not supplied");
        }
        Link link = context.netns()
                .byIndex(fixed.getInt(4))
                .orElseThrow(() -> new NetException(NetException.ENODEV, "ipv4: Device not found"));
        byte[] other = attributes.get(IFA_ADDRESS);
        Ip ip = ip(message, local);
        Ip peer = other == null ? ip : ip(message, other);
        if ((flags & IFA_F_MCAUTOJOIN) != 0) {
            throw new UnsupportedOperationException("IFA_F_MCAUTOJOIN");
        }
        int kept = flags & IPV4_FLAGS | Address.IFA_F_PERMANENT;
        Address address = new Address(ip, peer, prefix, fixed.get(3) & 0xff, kept, false);
        boolean there = link.addresses(Family.IPV4).stream()
                .anyMatch(a ->
                        a.ip().equals(ip) && a.prefix() == prefix && a.network().equals(address.network()));
        if (there && !message.flag(Message.NLM_F_EXCL) && message.flag(Message.NLM_F_REPLACE)) {
            throw new UnsupportedOperationException("RTM_NEWADDR that replaces");
        }
        context.netns().addAddress(link, address);
    }

    private static void add6(Context context, Message message, Attributes attributes, int flags) {
        ByteBuffer fixed = Bytes.read(message.payload());
        byte[] address = attributes.get(IFA_ADDRESS);
        byte[] local = attributes.get(IFA_LOCAL);
        byte[] raw = local == null ? address : local;
        if (raw == null) {
            throw new NetException(NetException.EINVAL, "");
        }
        Ip ip = ip(message, raw);
        Link link = context.netns()
                .byIndex(fixed.getInt(4))
                .orElseThrow(() -> new NetException(NetException.ENODEV, "ipv6: Unable to find the interface"));
        if ((flags & (IFA_F_MCAUTOJOIN | IFA_F_MANAGETEMPADDR | IFA_F_OPTIMISTIC)) != 0) {
            throw new UnsupportedOperationException("address flags " + Integer.toHexString(flags));
        }
        boolean there = link.addresses(Family.IPV6).stream().anyMatch(a -> a.ip().equals(ip));
        if (there && !message.flag(Message.NLM_F_EXCL) && message.flag(Message.NLM_F_REPLACE)) {
            throw new UnsupportedOperationException("RTM_NEWADDR that replaces");
        }
        if (there) {
            throw new NetException(NetException.EEXIST, "ipv6: address already assigned");
        }
        if (address != null && !ip(message, address).equals(ip)) {
            throw new UnsupportedOperationException("IPv6 address with a peer");
        }
        int kept = flags & IPV6_FLAGS | Address.IFA_F_PERMANENT;
        int prefix = fixed.get(1) & 0xff;
        context.netns().addAddress(link, new Address(ip, ip, prefix, scope6(ip), kept, false));
    }

    private static int scope6(Ip ip) {
        if (ip.high() == 0 && ip.low() == 1) {
            return 254;
        }
        return ip.high() >>> 54 == 0xfe80L >>> 6 ? 253 : ip.high() >>> 54 == 0xfec0L >>> 6 ? 200 : 0;
    }

    static void delete(Context context, Message message) {
        boolean six = isIpv6(message);
        ByteBuffer fixed = message.fixed(IFADDRMSG, "Invalid header length");
        Attributes attributes = Attributes.lenient(message.attributes(IFADDRMSG), six ? IPV6 : IPV4, message.extack());
        byte[] local = attributes.get(IFA_LOCAL);
        byte[] address = attributes.get(IFA_ADDRESS);
        int prefix = fixed.get(1) & 0xff;
        if (six && local == null && address == null) {
            throw new NetException(NetException.EINVAL, "");
        }
        if (six && prefix > 128) {
            throw new NetException(NetException.EINVAL, "ipv6: Invalid prefix length");
        }
        Link link = context.netns()
                .byIndex(fixed.getInt(4))
                .orElseThrow(() -> new NetException(
                        NetException.ENODEV, six ? "ipv6: Unable to find the interface" : "ipv4: Device not found"));
        if (!six && attributes.has(IFA_LABEL)) {
            throw new UnsupportedOperationException("IFA_LABEL of RTM_DELADDR");
        }
        Address found = link.addresses(six ? Family.IPV6 : Family.IPV4).stream()
                .filter(a -> six
                        ? a.ip().equals(ip(message, local == null ? address : local)) && a.prefix() == prefix
                        : fits4(message, a, local, address, prefix))
                .findFirst()
                .orElseThrow(() -> new NetException(
                        NetException.EADDRNOTAVAIL, six ? "ipv6: address not found" : "ipv4: Address not found"));
        context.netns().removeAddress(link, found.ip(), found.prefix());
    }

    private static boolean fits4(
            Message message, Address candidate, byte @Nullable [] local, byte @Nullable [] address, int prefix) {
        boolean localFits = local == null || candidate.ip().equals(ip(message, local));
        boolean peerFits = address == null
                || candidate.prefix() == prefix
                        && ip(message, address).in(candidate.network(), Ip.mask(Family.IPV4, candidate.prefix()));
        return localFits && peerFits;
    }

    static byte[] describe(Link link, Address address) {
        boolean four = address.ip().family() == Family.IPV4;
        int flags = address.flags();
        Bytes out = new Bytes()
                .u8(four ? RtnetlinkResponder.AF_INET : RtnetlinkResponder.AF_INET6)
                .u8(address.prefix(), flags & 0xff, address.scope())
                .u32(link.index())
                .attribute(IFA_ADDRESS, address.peer().bytes());
        if (four) {
            byte[] name = link.name().getBytes(StandardCharsets.ISO_8859_1);
            out.attribute(IFA_LOCAL, address.ip().bytes()).attribute(IFA_LABEL, Arrays.copyOf(name, name.length + 1));
        }
        return out.attribute(IFA_FLAGS, Bytes.number(flags)).toBytes();
    }
}
