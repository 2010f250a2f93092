package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A packet: its headers, and for a {@link RulesetTracer} what the kernel keeps beside them. A value. Addresses are
 * literal, {@code 203.0.113.10} or {@code 2001:db8::1}; both are of one family.
 *
 * <pre>{@code
 * Packet syn = Packet.tcp("10.200.0.2", 40000, "203.0.113.10", 443).withInInterface("osh-1a2b3c4d");
 * Packet answer = syn.reply();
 * }</pre>
 *
 * <p>A new packet has no interfaces, no owner, no mark, and is NEW, whatever its flags and type are; only
 * {@link #icmpError} is RELATED. A {@link FakeKernel} finds out interfaces and state by itself, and ignores those given here.
 *
 * @since 0.1
 */
public final class Packet {
    private static final int FIRST_PORT = 40000;
    private static final int ECHO_REQUEST = 8;
    private static final int ECHO_REQUEST6 = 128;
    private static final int REDIRECT6 = 137;

    private final Header header;
    private final PacketMeta meta;

    Packet(Header header, PacketMeta meta) {
        this.header = header;
        this.meta = meta;
    }

    static Packet of(Header header) {
        return new Packet(header, new PacketMeta(header.destination(), header.destinationPort()));
    }

    private static Packet ports(
            Ip source, int sourcePort, Ip destination, int destinationPort, int protocol, int flags) {
        if (source.family() != destination.family()) {
            throw new IllegalArgumentException(source + " and " + destination + " are of two families");
        }
        return of(Header.ports(
                source,
                PacketChecks.port(sourcePort),
                destination,
                PacketChecks.port(destinationPort),
                protocol,
                flags));
    }

    /** Returns a TCP segment with SYN alone, the first of a connection. */
    public static Packet tcp(String source, int sourcePort, String destination, int destinationPort) {
        return ports(Ip.parse(source), sourcePort, Ip.parse(destination), destinationPort, Header.TCP, Header.SYN);
    }

    /** Returns a TCP segment with SYN alone, the first of a connection. */
    public static Packet tcp(InetAddress source, int sourcePort, InetAddress destination, int destinationPort) {
        return ports(Ip.of(source), sourcePort, Ip.of(destination), destinationPort, Header.TCP, Header.SYN);
    }

    /** Returns a UDP datagram. */
    public static Packet udp(String source, int sourcePort, String destination, int destinationPort) {
        return ports(Ip.parse(source), sourcePort, Ip.parse(destination), destinationPort, Header.UDP, 0);
    }

    /** Returns a UDP datagram. */
    public static Packet udp(InetAddress source, int sourcePort, InetAddress destination, int destinationPort) {
        return ports(Ip.of(source), sourcePort, Ip.of(destination), destinationPort, Header.UDP, 0);
    }

    /** Returns an SCTP packet. */
    public static Packet sctp(String source, int sourcePort, String destination, int destinationPort) {
        return ports(Ip.parse(source), sourcePort, Ip.parse(destination), destinationPort, Header.SCTP, 0);
    }

    /** Returns an echo request, ICMP or ICMPv6 by the addresses' family. */
    public static Packet icmp(String source, String destination) {
        boolean four = Ip.parse(source).family() == Family.IPV4;
        return icmp(source, destination, four ? ECHO_REQUEST : ECHO_REQUEST6, 0);
    }

    /** Returns an ICMP or ICMPv6 message of this type and code. */
    public static Packet icmp(String source, String destination, int type, int code) {
        Ip from = Ip.parse(source);
        Ip to = Ip.parse(destination);
        PacketChecks.sameFamily(from, to);
        return of(Header.icmp(from, to, PacketChecks.octet("type", type), PacketChecks.octet("code", code), 1, null));
    }

    /**
     * Returns an ICMP or ICMPv6 error about {@code quoted}, RELATED to its flow, in the other direction than that packet.
     *
     * @throws IllegalArgumentException also for a type that is no error
     */
    public static Packet icmpError(String source, String destination, int type, int code, Packet quoted) {
        Ip from = Ip.parse(source);
        Ip to = Ip.parse(destination);
        PacketChecks.sameFamily(from, to);
        PacketChecks.sameFamily(from, quoted.header.source());
        boolean error = from.family() == Family.IPV4
                ? List.of(3, 4, 5, 11, 12).contains(type)
                : type > 0 && type < ECHO_REQUEST6 || type == REDIRECT6;
        if (!error) {
            throw new IllegalArgumentException("type " + type + " is no error of " + from.family());
        }
        return of(Header.icmp(from, to, type, PacketChecks.octet("code", code), 0, quoted.header))
                .withState(ConnState.RELATED)
                .with(meta -> meta.reply = !quoted.meta.reply);
    }

    /** Returns a packet of any protocol, by its number in the IP header. */
    public static Packet of(int protocol, String source, String destination) {
        Ip from = Ip.parse(source);
        Ip to = Ip.parse(destination);
        PacketChecks.sameFamily(from, to);
        return of(Header.other(from, to, PacketChecks.octet("protocol", protocol)));
    }

    /**
     * Returns the first packet of {@code flow} from {@code source}: a SYN from port 40000, a datagram from there, an echo
     * request.
     *
     * @throws IllegalArgumentException also when the flow's host is a name
     */
    public static Packet of(Flow flow, String source) {
        Ip from = Ip.parse(source);
        Ip to = Ip.of(flow.literal()
                .orElseThrow(() -> new IllegalArgumentException(flow + " has a name; give one to an address")));
        int protocol = flow.protocol();
        if (flow.port().isPresent()) {
            int flags = protocol == Header.TCP ? Header.SYN : 0;
            return ports(from, FIRST_PORT, to, flow.port().getAsInt(), protocol, flags);
        }
        boolean echo = protocol == Header.ICMP || protocol == Header.ICMPV6;
        String destination = to.toString();
        return echo ? icmp(source, destination) : of(protocol, source, destination);
    }

    Header header() {
        return header;
    }

    PacketMeta meta() {
        return meta;
    }

    Packet with(Header other) {
        return new Packet(other, meta);
    }

    Packet with(Consumer<PacketMeta> change) {
        PacketMeta copy = meta.copy();
        change.accept(copy);
        return new Packet(header, copy);
    }

    /** Returns the family. */
    public Family family() {
        return header.family();
    }

    /** Returns the protocol's number in the IP header. */
    public int protocol() {
        return header.protocol();
    }

    /** Returns the source address; an IPv4-mapped IPv6 address comes as the IPv4 address that it carries. */
    public InetAddress source() {
        return header.source().toInetAddress();
    }

    /** Returns the destination address; an IPv4-mapped IPv6 address comes as the IPv4 address that it carries. */
    public InetAddress destination() {
        return header.destination().toInetAddress();
    }

    /** Returns the source port, 0 of a protocol without ports. */
    public int sourcePort() {
        return header.sourcePort();
    }

    /** Returns the destination port, 0 of a protocol without ports. */
    public int destinationPort() {
        return header.destinationPort();
    }

    /** Returns the flags of a TCP segment. */
    public Set<TcpFlag> flags() {
        Set<TcpFlag> flags = EnumSet.noneOf(TcpFlag.class);
        for (TcpFlag flag : TcpFlag.values()) {
            if ((header.tcpFlags() & flag.bit()) != 0) {
                flags.add(flag);
            }
        }
        return flags;
    }

    /** Returns the type of an ICMP or ICMPv6 message, else 0. */
    public int icmpType() {
        return header.icmpType();
    }

    /** Returns the code of an ICMP or ICMPv6 message, else 0. */
    public int icmpCode() {
        return header.icmpCode();
    }

    /** Returns the interface that it comes in by, an empty string for none. */
    public String inInterface() {
        return meta.in;
    }

    /** Returns the interface that it leaves by, an empty string for none. */
    public String outInterface() {
        return meta.out;
    }

    /** Returns the connection state. */
    public ConnState state() {
        return meta.state;
    }

    /** Returns the packet's mark, 32 bits. */
    public int mark() {
        return meta.mark;
    }

    /** Returns the mark of its flow, 32 bits. */
    public int connMark() {
        return meta.connMark;
    }

    /**
     * Returns it with other flags; none at all is a segment that no stack sends. The state stays what it is: give
     * {@link ConnState#INVALID} for a segment that Linux would call so.
     *
     * @throws IllegalArgumentException for a packet that is no TCP segment
     */
    public Packet withFlags(TcpFlag... flags) {
        if (header.protocol() != Header.TCP) {
            throw new IllegalArgumentException(this + " has no TCP flags");
        }
        int bits = 0;
        for (TcpFlag flag : flags) {
            bits |= flag.bit();
        }
        return with(header.withTcpFlags(bits));
    }

    /** Returns it with another source address. */
    public Packet withSource(String source) {
        Ip from = Ip.parse(source);
        PacketChecks.sameFamily(from, header.destination());
        return with(header.withEnds(from, header.sourcePort(), header.destination(), header.destinationPort()));
    }

    /** Returns it coming in by {@code link}, an empty string for none. */
    public Packet withInInterface(String link) {
        return with(meta -> meta.in = PacketChecks.link(link));
    }

    /** Returns it leaving by {@code link}, an empty string for none. */
    public Packet withOutInterface(String link) {
        return with(meta -> meta.out = PacketChecks.link(link));
    }

    /** Returns it in another connection state. */
    public Packet withState(ConnState state) {
        return with(meta -> meta.state = Objects.requireNonNull(state, "state"));
    }

    /** Returns it with another mark. */
    public Packet withMark(int mark) {
        return with(meta -> meta.mark = mark);
    }

    /** Returns it in a flow with another mark. */
    public Packet withConnMark(int mark) {
        return with(meta -> meta.connMark = mark);
    }

    /** Returns it in a flow that was sent to {@code address} and {@code port} before a DNAT gave it its destination. */
    public Packet withOriginalDestination(String address, int port) {
        Ip original = Ip.parse(address);
        PacketChecks.sameFamily(original, header.source());
        int number = PacketChecks.port(port);
        return with(meta -> {
            meta.originalDestination = original;
            meta.originalPort = number;
        });
    }

    /** Returns it sent by a socket of this user and group; without it no socket of the namespace sent it. */
    public Packet withOwner(int user, int group) {
        if (user < 0 || group < 0) {
            throw new IllegalArgumentException("user " + user + " or group " + group + " is negative");
        }
        return with(meta -> {
            meta.user = OptionalInt.of(user);
            meta.group = OptionalInt.of(group);
        });
    }

    /**
     * Returns what the receiver answers: the ends exchanged, SYN answered with SYN and ACK, any other segment with ACK,
     * an echo request with an echo reply; of the same flow, in the other direction, ESTABLISHED.
     *
     * @throws IllegalArgumentException for an ICMP error and a TCP reset, which nobody answers
     */
    public Packet reply() {
        return Replies.to(this);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Packet packet
                && header.equals(packet.header)
                && meta.parts().equals(packet.meta.parts());
    }

    @Override
    public int hashCode() {
        return Objects.hash(header, meta.parts());
    }

    /** Returns such as {@code tcp 10.200.0.2:40000 > 203.0.113.10:443 [SYN]}. */
    @Override
    public String toString() {
        return PacketText.of(this);
    }
}
