package dev.openshell.netns.testkit.packet;

import dev.openshell.netns.Cidr;

/** An interface's address with the length of its network's prefix. */
public record Prefixed(Ip ip, int prefix) {
    /**
     * Returns what {@code ADDRESS/PREFIX} writes; an address alone has all its bits for a prefix.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static Prefixed parse(String text) {
        String[] parts = text.split("/", 2);
        Ip ip = Ip.parse(parts[0]);
        if (parts.length > 1 && !parts[1].matches("[0-9]{1,3}")) {
            throw new IllegalArgumentException("'" + parts[1] + "' is no prefix length; write it like " + ip + "/24");
        }
        int prefix = parts.length == 1 ? ip.family().bits() : Integer.parseInt(parts[1]);
        return new Prefixed(ip, Cidr.of(ip.toInetAddress(), prefix).prefix());
    }

    /** Returns the first address of the network. */
    public Ip network() {
        return ip.and(Ip.mask(ip.family(), prefix));
    }
}
