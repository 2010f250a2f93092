package dev.openshell.netns.testkit.packet;

import org.jspecify.annotations.Nullable;

/**
 * What a SNAT, DNAT, MASQUERADE or REDIRECT target allows the address and the port to become (nf_nat_range2).
 *
 * @param minAddress the first address, null where the address stays
 * @param maxAddress the last address, null where the address stays
 * @param minPort the first port or ICMP identifier, 0 with {@code maxPort} 0 where none is given
 * @param maxPort the last one
 * @param persistent {@code --persistent}; of an address range the first is taken here with and without it
 * @param random {@code --random} or {@code --random-fully}: the port is not kept even where it is free
 */
public record NatRange(
        @Nullable Ip minAddress,
        @Nullable Ip maxAddress,
        int minPort,
        int maxPort,
        boolean persistent,
        boolean random) {
    public NatRange {
        if ((minAddress == null) != (maxAddress == null)) {
            throw new IllegalArgumentException("half a range of addresses");
        }
        if (minPort < 0 || minPort > 0xffff || maxPort < 0 || maxPort > 0xffff || minPort > 0 && maxPort == 0) {
            throw new IllegalArgumentException("ports " + minPort + " to " + maxPort);
        }
    }

    /** Returns a range of one address, where the port stays if it can. */
    public static NatRange of(Ip address) {
        return new NatRange(address, address, 0, 0, false, false);
    }

    /** Returns a range of one address and some ports. */
    public static NatRange of(Ip address, int minPort, int maxPort) {
        return new NatRange(address, address, minPort, maxPort, false, false);
    }

    /** Returns whether ports are given. */
    public boolean hasPorts() {
        return maxPort > 0;
    }

    /** The kernel takes a range that is upside down as well. */
    public int lowest() {
        return Math.min(minPort, maxPort);
    }

    /** Returns the highest port. */
    public int highest() {
        return Math.max(minPort, maxPort);
    }

    /** Returns whether the source part of a tuple is one that this range could have made. */
    public boolean hasAddress(Ip address) {
        return minAddress == null
                || maxAddress == null
                || minAddress.compareTo(address) <= 0 && address.compareTo(maxAddress) <= 0;
    }
}
