package dev.openshell.netns.testkit.packet;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An address as a number of 32 or 128 bits: {@code high} and {@code low} are its halves, an IPv4 address stands in the
 * lower 32 bits of {@code low}. Unlike {@link InetAddress} it keeps an IPv4-mapped IPv6 address what it is.
 */
public record Ip(Family family, long high, long low) implements Comparable<Ip> {
    private static final long IPV4 = 0xffff_ffffL;

    /** Returns {@code address}. */
    public static Ip of(InetAddress address) {
        return of(address.getAddress());
    }

    /** Returns the address of these 4 or 16 bytes in network order. */
    public static Ip of(byte[] raw) {
        ByteBuffer in = ByteBuffer.wrap(raw);
        return switch (raw.length) {
            case 4 -> new Ip(Family.IPV4, 0, in.getInt() & IPV4);
            case 16 -> new Ip(Family.IPV6, in.getLong(), in.getLong());
            default -> throw new IllegalArgumentException("an address of " + raw.length + " bytes");
        };
    }

    /** Returns the address of {@code family} that {@code text} writes, empty where it writes none. */
    public static Optional<Ip> parse(Family family, String text) {
        if (!InetAddresses.isInetAddress(text)
                || text.contains("%")
                || (text.indexOf(':') < 0) != (family == Family.IPV4)) {
            return Optional.empty();
        }
        Ip ip = of(InetAddresses.forString(text));
        // Guava, as the JDK, turns a mapped address into the IPv4 address that it carries.
        return Optional.of(ip.family == family ? ip : new Ip(family, 0, 0xffff_0000_0000L | ip.low));
    }

    /**
     * Returns the address that {@code text} writes.
     *
     * @throws IllegalArgumentException when it writes none
     */
    public static Ip parse(String text) {
        return parse(text.indexOf(':') < 0 ? Family.IPV4 : Family.IPV6, text)
                .orElseThrow(() -> new IllegalArgumentException("'" + text + "' is no IP address"));
    }

    /** Returns the mask whose first {@code prefix} bits are set. */
    public static Ip mask(Family family, int prefix) {
        if (family == Family.IPV4) {
            return new Ip(family, 0, prefix == 0 ? 0 : -1L << 32 - prefix & IPV4);
        }
        long high = prefix == 0 ? 0 : prefix >= 64 ? -1L : -1L << 64 - prefix;
        return new Ip(family, high, prefix <= 64 ? 0 : -1L << 128 - prefix);
    }

    /** Returns how many leading bits are set where all others are clear, else -1. */
    public int prefix() {
        int ones = family == Family.IPV4
                ? Long.numberOfLeadingZeros(~(low << 32))
                : high == -1L ? 64 + Long.numberOfLeadingZeros(~low) : Long.numberOfLeadingZeros(~high);
        return mask(family, Math.min(ones, family.bits())).equals(this) ? Math.min(ones, family.bits()) : -1;
    }

    /** Returns the bits that are set in both. */
    public Ip and(Ip mask) {
        return new Ip(family, high & mask.high, low & mask.low);
    }

    /** Returns whether this address lies in {@code network}, whose bits outside of {@code mask} are clear. */
    public boolean in(Ip network, Ip mask) {
        return (high & mask.high) == network.high && (low & mask.low) == network.low;
    }

    /** Returns the address {@code offset} behind this one. */
    public Ip plus(long offset) {
        long sum = low + offset;
        if (family == Family.IPV4) {
            return new Ip(family, 0, sum & IPV4);
        }
        boolean carry = Long.compareUnsigned(sum, low) < 0 && offset > 0;
        boolean borrow = Long.compareUnsigned(sum, low) > 0 && offset < 0;
        return new Ip(family, high + (carry ? 1 : 0) - (borrow ? 1 : 0), sum);
    }

    /** Returns its 4 or 16 bytes in network order. */
    public byte[] bytes() {
        return family == Family.IPV4
                ? ByteBuffer.allocate(4).putInt((int) low).array()
                : ByteBuffer.allocate(16).putLong(high).putLong(low).array();
    }

    /** Returns it as Java has it; a mapped address as the IPv4 address that it carries. */
    public InetAddress toInetAddress() {
        try {
            return InetAddress.getByAddress(bytes());
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 or 16 bytes are an address", e);
        }
    }

    @Override
    public int compareTo(Ip other) {
        int order = Long.compareUnsigned(high, other.high);
        return order != 0 ? order : Long.compareUnsigned(low, other.low);
    }

    /** Returns it as inet_ntop(3) prints it. */
    @Override
    public String toString() {
        boolean mapped = high == 0 && low >>> 32 == 0xffffL;
        boolean compatible = high == 0 && low >>> 32 == 0 && low >>> 16 != 0;
        if (family == Family.IPV4 || mapped || compatible) {
            String dotted =
                    (low >>> 24 & 0xff) + "." + (low >>> 16 & 0xff) + "." + (low >>> 8 & 0xff) + "." + (low & 0xff);
            return family == Family.IPV4 ? dotted : (mapped ? "::ffff:" : "::") + dotted;
        }
        try {
            return InetAddresses.toAddrString(Inet6Address.getByAddress(null, bytes(), -1));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("16 bytes are an address", e);
        }
    }
}
