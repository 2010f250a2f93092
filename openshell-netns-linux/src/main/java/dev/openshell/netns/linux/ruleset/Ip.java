package dev.openshell.netns.linux.ruleset;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An address as two unsigned numbers.
 *
 * @param high the first 64 bits of an IPv6 address; 0 of IPv4
 * @param low the last 64 bits, or the 32 of IPv4
 */
public record Ip(long high, long low) {
    /** Returns the number of {@code address}. */
    public static Ip of(InetAddress address) {
        ByteBuffer raw = ByteBuffer.wrap(address.getAddress());
        return raw.remaining() == 4 ? new Ip(0, raw.getInt() & 0xffffffffL) : new Ip(raw.getLong(), raw.getLong());
    }

    /** Returns the address of {@code family} of this number. */
    public InetAddress address(Family family) {
        ByteBuffer raw = ByteBuffer.allocate(family.bits() / 8);
        if (family == Family.IPV4) {
            raw.putInt((int) low);
        } else {
            raw.putLong(high).putLong(low);
        }
        try {
            return InetAddress.getByAddress(raw.array());
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + raw.capacity() + " bytes", e);
        }
    }

    /** Returns the literal address of {@code family}, or null where {@code text} is none. */
    static @org.jspecify.annotations.Nullable Ip parse(Family family, String text) {
        if (family == Family.IPV4) {
            return ipv4(text);
        }
        Ip plain = Hex.parse(text);
        if (plain != null) {
            return plain;
        }
        if (text.indexOf(':') < 0 || text.indexOf('%') >= 0 || !InetAddresses.isInetAddress(text)) {
            return null;
        }
        InetAddress address = InetAddresses.forString(text);
        // Java turns ::ffff:a.b.c.d into the IPv4 address; on the wire it is an IPv6 one.
        return address.getAddress().length == 4
                ? new Ip(0, 0xffff00000000L | Ip.of(address).low())
                : Ip.of(address);
    }

    /** By hand, since a ruleset has thousands. */
    private static @org.jspecify.annotations.Nullable Ip ipv4(String text) {
        long value = 0;
        int part = -1;
        int parts = 0;
        for (int i = 0; i <= text.length(); i++) {
            char c = i < text.length() ? text.charAt(i) : '.';
            if (c == '.') {
                if (part < 0 || ++parts > 4) {
                    return null;
                }
                value = value << 8 | part;
                part = -1;
            } else if (c >= '0' && c <= '9' && part != 0) {
                part = Math.max(part, 0) * 10 + c - '0';
                if (part > 255) {
                    return null;
                }
            } else {
                return null;
            }
        }
        return parts == 4 ? new Ip(0, value) : null;
    }

    /** Returns the first and the last address of the network of {@code prefix} bits that this one is in. */
    public Ip[] network(Family family, int prefix) {
        return new Ip[] {first(family, prefix), last(family, prefix)};
    }

    /** Returns the first address of the network of {@code prefix} bits that this one is in. */
    private Ip first(Family family, int prefix) {
        return family == Family.IPV4
                ? new Ip(0, low & ~hostBits(32, prefix))
                : new Ip(high & ~hostBits(64, Math.min(prefix, 64)), low & ~hostBits(64, Math.max(prefix - 64, 0)));
    }

    /** Returns the last address of that network. */
    private Ip last(Family family, int prefix) {
        return family == Family.IPV4
                ? new Ip(0, low | hostBits(32, prefix))
                : new Ip(high | hostBits(64, Math.min(prefix, 64)), low | hostBits(64, Math.max(prefix - 64, 0)));
    }

    private static long hostBits(int bits, int prefix) {
        int host = bits - prefix;
        return host == 64 ? -1L : (1L << host) - 1;
    }
}
