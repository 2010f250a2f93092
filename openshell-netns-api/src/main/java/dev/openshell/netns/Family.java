package dev.openshell.netns;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * An IP family.
 *
 * @since 0.1
 */
public enum Family {
    /** IPv4: 32-bit addresses, {@code iptables}. */
    IPV4(32),
    /** IPv6: 128-bit addresses, {@code ip6tables}. */
    IPV6(128);

    private final int bits;

    Family(int bits) {
        this.bits = bits;
    }

    /** Returns the length of an address in bits: 32 or 128. */
    public int bits() {
        return bits;
    }

    /** Returns the family of {@code address}. */
    public static Family of(InetAddress address) {
        return address instanceof Inet4Address ? IPV4 : IPV6;
    }
}
