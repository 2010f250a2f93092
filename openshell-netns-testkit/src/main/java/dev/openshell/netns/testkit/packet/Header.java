package dev.openshell.netns.testkit.packet;

import dev.openshell.netns.Family;
import org.jspecify.annotations.Nullable;

/**
 * What the sender wrote into a packet.
 *
 * @param protocol the number in the IP header
 * @param sourcePort of a protocol that has ports, else 0
 * @param destinationPort of a protocol that has ports, else 0
 * @param tcpFlags the flags byte of the TCP header (FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128)
 * @param icmpType of ICMP and ICMPv6, else 0
 * @param icmpCode of ICMP and ICMPv6, else 0
 * @param icmpId the identifier of an echo and the like, else 0
 * @param quoted the packet that an ICMP error quotes
 */
public record Header(
        Family family,
        Ip source,
        Ip destination,
        int protocol,
        int sourcePort,
        int destinationPort,
        int tcpFlags,
        int icmpType,
        int icmpCode,
        int icmpId,
        @Nullable Header quoted) {
    public static final int ICMP = 1;
    public static final int TCP = 6;
    public static final int UDP = 17;
    public static final int DCCP = 33;
    public static final int ICMPV6 = 58;
    public static final int SCTP = 132;
    public static final int UDPLITE = 136;

    public static final int FIN = 1;
    public static final int SYN = 2;
    public static final int RST = 4;
    public static final int PSH = 8;
    public static final int ACK = 16;
    public static final int URG = 32;

    /** Returns a packet of a protocol that has ports. */
    public static Header ports(
            Ip source, int sourcePort, Ip destination, int destinationPort, int protocol, int tcpFlags) {
        return new Header(
                source.family(), source, destination, protocol, sourcePort, destinationPort, tcpFlags, 0, 0, 0, null);
    }

    /** Returns an ICMP or ICMPv6 message, of the addresses' family; {@code quoted} for an error. */
    public static Header icmp(Ip source, Ip destination, int type, int code, int id, @Nullable Header quoted) {
        int protocol = source.family() == Family.IPV4 ? ICMP : ICMPV6;
        return new Header(source.family(), source, destination, protocol, 0, 0, 0, type, code, id, quoted);
    }

    /** Returns a packet of any other protocol. */
    public static Header other(Ip source, Ip destination, int protocol) {
        return new Header(source.family(), source, destination, protocol, 0, 0, 0, 0, 0, 0, null);
    }

    /** Returns whether {@code protocol} has ports. */
    public static boolean hasPorts(int protocol) {
        return protocol == TCP || protocol == UDP || protocol == DCCP || protocol == SCTP || protocol == UDPLITE;
    }

    /** Returns whether this is ICMP under IPv4 or ICMPv6 under IPv6. */
    public boolean isIcmp() {
        return protocol == (family == Family.IPV4 ? ICMP : ICMPV6);
    }

    /** Returns it with other ends. */
    public Header withEnds(Ip newSource, int newSourcePort, Ip newDestination, int newDestinationPort) {
        return new Header(
                family,
                newSource,
                newDestination,
                protocol,
                newSourcePort,
                newDestinationPort,
                tcpFlags,
                icmpType,
                icmpCode,
                icmpId,
                quoted);
    }

    /** Returns it with other TCP flags. */
    public Header withTcpFlags(int flags) {
        return new Header(
                family,
                source,
                destination,
                protocol,
                sourcePort,
                destinationPort,
                flags,
                icmpType,
                icmpCode,
                icmpId,
                quoted);
    }

    /** Returns it with another ICMP identifier. */
    public Header withIcmpId(int id) {
        return new Header(
                family,
                source,
                destination,
                protocol,
                sourcePort,
                destinationPort,
                tcpFlags,
                icmpType,
                icmpCode,
                id,
                quoted);
    }

    /** Returns it quoting another packet. */
    public Header withQuoted(Header other) {
        return new Header(
                family,
                source,
                destination,
                protocol,
                sourcePort,
                destinationPort,
                tcpFlags,
                icmpType,
                icmpCode,
                icmpId,
                other);
    }
}
