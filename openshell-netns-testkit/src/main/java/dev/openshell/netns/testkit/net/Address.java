package dev.openshell.netns.testkit.net;

import dev.openshell.netns.testkit.packet.Ip;

/**
 * An address of an interface.
 *
 * @param ip the local end
 * @param peer the other end of a point-to-point address, whose network is connected; else {@code ip}
 * @param scope RT_SCOPE_UNIVERSE 0, LINK 253, HOST 254
 * @param flags IFA_F_*
 * @param secondary whether an earlier address of the same network is the primary one
 */
public record Address(Ip ip, Ip peer, int prefix, int scope, int flags, boolean secondary) {
    public static final int IFA_F_SECONDARY = 1;
    public static final int IFA_F_NODAD = 2;
    public static final int IFA_F_PERMANENT = 0x80;
    public static final int IFA_F_NOPREFIXROUTE = 0x200;

    /** Returns the network that it connects. */
    public Ip network() {
        return peer.and(mask());
    }

    Ip mask() {
        return Ip.mask(ip.family(), prefix);
    }

    boolean covers(Ip other) {
        return other.in(network(), mask());
    }

    Address asSecondary() {
        return new Address(ip, peer, prefix, scope, flags | IFA_F_SECONDARY, true);
    }
}
