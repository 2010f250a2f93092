package dev.openshell.netns.linux.acceptance;

/**
 * A packet that left the pod.
 *
 * @param link the pod's link that it left by
 * @param family 4 or 6, or 0 for what is not IP
 * @param protocol the IP protocol number, or the EtherType
 * @param sourcePort the port, or -1
 * @param destinationPort the port, or -1
 * @param icmpType the ICMP or ICMPv6 type, or -1
 */
record CapturedPacket(
        String link,
        int family,
        int protocol,
        String source,
        String destination,
        int sourcePort,
        int destinationPort,
        int icmpType) {

    /** Returns the packet that a line of capture.py describes. */
    static CapturedPacket parse(String line) {
        String[] f = line.split(" ");
        return new CapturedPacket(
                f[0],
                Integer.parseInt(f[1]),
                Integer.parseInt(f[2]),
                f[3],
                f[4],
                Integer.parseInt(f[5]),
                Integer.parseInt(f[6]),
                Integer.parseInt(f[7]));
    }

    /** Returns {@code PROTOCOL SOURCE > DESTINATION PORT}, PORT being the destination's, by {@code LINK}. */
    String flow() {
        return protocol + " " + source + " > " + destination + " " + (icmpType >= 0 ? icmpType : destinationPort)
                + " by " + link;
    }
}
