package dev.openshell.netns;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What an address is good for as a destination: only {@link #PUBLIC} and {@link #PRIVATE} ones can be listed.
 *
 * <p>An IPv6 address that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is judged by the
 * stricter of the two, since a translator on the way turns it into the latter.
 *
 * @since 0.1
 */
public enum AddressKind {
    /** Global unicast. */
    PUBLIC(true),
    /** RFC 1918, RFC 6598 shared space, IPv6 unique local (RFC 4193) and site-local. */
    PRIVATE(true),
    /** {@code 127.0.0.0/8}, {@code ::1}. */
    LOOPBACK(false),
    /** {@code 169.254.0.0/16}, {@code fe80::/10}. */
    LINK_LOCAL(false),
    /** {@code 224.0.0.0/4}, {@code ff00::/8}. */
    MULTICAST(false),
    /** {@code 0.0.0.0/8}, {@code ::}. */
    UNSPECIFIED(false),
    /** {@code 240.0.0.0/4} with the limited broadcast address. */
    RESERVED(false),
    /** A cloud's metadata service outside the link-local range. */
    METADATA(false);

    private static final List<Range> RANGES = List.of(
            range("100.100.100.200/32", METADATA),
            range("fd00:ec2::254/128", METADATA),
            range("fd20:ce::254/128", METADATA),
            range("0.0.0.0/8", UNSPECIFIED),
            range("127.0.0.0/8", LOOPBACK),
            range("169.254.0.0/16", LINK_LOCAL),
            range("224.0.0.0/4", MULTICAST),
            range("240.0.0.0/4", RESERVED),
            range("10.0.0.0/8", PRIVATE),
            range("172.16.0.0/12", PRIVATE),
            range("192.168.0.0/16", PRIVATE),
            range("100.64.0.0/10", PRIVATE),
            range("::/128", UNSPECIFIED),
            range("::1/128", LOOPBACK),
            range("fe80::/10", LINK_LOCAL),
            range("ff00::/8", MULTICAST),
            range("fc00::/7", PRIVATE),
            range("fec0::/10", PRIVATE));

    private final boolean listable;

    AddressKind(boolean listable) {
        this.listable = listable;
    }

    /** Returns whether an address of this kind may be a destination at all. */
    public boolean listable() {
        return listable;
    }

    /** Returns the kind of {@code address}, or of the IPv4 address that it embeds where that one is worse. */
    public static AddressKind of(InetAddress address) {
        AddressKind own = RANGES.stream()
                .filter(range -> range.cidr.contains(address))
                .map(range -> range.kind)
                .findFirst()
                .orElse(PUBLIC);
        if (!own.listable || address instanceof Inet4Address) {
            return own;
        }
        return embedded((Inet6Address) address)
                .map(AddressKind::of)
                .filter(inner -> inner != PUBLIC)
                .orElse(own);
    }

    /**
     * Returns the IPv4 address that {@code address} embeds: RFC 4291 2.5.5 (compatible), RFC 6052 and RFC 8215 (NAT64),
     * RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP). A mapped address ({@code ::ffff:0:0/96}) is an
     * {@code Inet4Address} in Java already.
     */
    private static Optional<InetAddress> embedded(Inet6Address address) {
        byte[] b = address.getAddress();
        int head = (b[0] & 0xff) << 24 | (b[1] & 0xff) << 16 | (b[2] & 0xff) << 8 | (b[3] & 0xff);
        if (head >>> 16 == 0x2002) {
            return Optional.of(ipv4(b, 2, 0));
        }
        if (head == 0x20010000) {
            return Optional.of(ipv4(b, 12, 0xff));
        }
        boolean isatap = (b[8] & 0xfd) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == (byte) 0xfe;
        boolean compatible = Arrays.equals(b, 0, 12, new byte[12], 0, 12);
        if (head == 0x0064ff9b || isatap || compatible) {
            return Optional.of(ipv4(b, 12, 0));
        }
        return Optional.empty();
    }

    private static InetAddress ipv4(byte[] b, int from, int xor) {
        byte[] inner = Arrays.copyOfRange(b, from, from + 4);
        for (int i = 0; i < inner.length; i++) {
            inner[i] ^= (byte) xor;
        }
        return Cidr.address(inner);
    }

    private static Range range(String cidr, AddressKind kind) {
        return new Range(Cidr.parse(cidr), kind);
    }

    private record Range(Cidr cidr, AddressKind kind) {}
}
