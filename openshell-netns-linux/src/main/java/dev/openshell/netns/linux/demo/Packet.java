package dev.openshell.netns.linux.demo;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Where an IP packet goes (RFC 791, RFC 8200).
 *
 * @param protocol the IANA protocol number, for IPv6 that of the first header
 * @param port the destination port of TCP and UDP, else 0
 */
record Packet(int protocol, InetAddress destination, int port) {
    static final int ICMP = 1;
    static final int TCP = 6;
    static final int UDP = 17;
    /** For experiments (RFC 3692). */
    static final int EXPERIMENT = 253;

    private static final int IPV4_HEADER = 20;
    private static final int IPV6_HEADER = 40;

    static Packet to(int protocol, String destination, int port) {
        return new Packet(protocol, InetAddresses.forString(destination), port);
    }

    /** Returns where the packet in {@code bytes}, which begins with its IP header, goes; none if it is no IP packet. */
    static Optional<Packet> parse(byte[] bytes) {
        int version = bytes.length == 0 ? 0 : bytes[0] >> 4 & 0xf;
        if (version == 4 && bytes.length >= IPV4_HEADER) {
            return Optional.of(parse(bytes, bytes[9] & 0xff, 16, 4, (bytes[0] & 0xf) * 4));
        }
        if (version == 6 && bytes.length >= IPV6_HEADER) {
            return Optional.of(parse(bytes, bytes[6] & 0xff, 24, 16, IPV6_HEADER));
        }
        return Optional.empty();
    }

    private static Packet parse(byte[] bytes, int protocol, int at, int length, int header) {
        boolean hasPort = (protocol == TCP || protocol == UDP) && bytes.length >= header + 4;
        int port = hasPort ? ByteBuffer.wrap(bytes).getShort(header + 2) & 0xffff : 0;
        try {
            return new Packet(protocol, InetAddress.getByAddress(Arrays.copyOfRange(bytes, at, at + length)), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
