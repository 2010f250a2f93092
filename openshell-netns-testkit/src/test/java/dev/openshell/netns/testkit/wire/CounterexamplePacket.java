package dev.openshell.netns.testkit.wire;

import com.google.common.net.HostAndPort;
import dev.openshell.netns.Counterexample;
import dev.openshell.netns.Flow;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The packet of a counterexample, read from the text that a user gets.
 *
 * @param place the hook where rules and policy differ about it
 * @param header the packet; an error about a flow quotes a packet of the flow
 * @param kind what it is to its flow, such as {@code NEW}
 * @param in the interface by which it comes in there, or an empty string
 * @param out the interface by which it leaves, or an empty string
 */
record CounterexamplePacket(String place, Header header, String kind, String in, String out) {
    private static final List<String> FLAGS = List.of("FIN", "SYN", "RST", "PSH", "ACK", "URG");
    private static final int FIRST_PORT = 40_000;
    private static final Pattern TEXT =
            Pattern.compile("(?<protocol>tcp|udp|icmp) (?<source>\\S+) > (?<destination>\\S+)"
                    + "( of a flow to (?<flow>\\S+))?( \\[(?<flags>\\S*)\\])?( about (?<about>\\S+) of (?<own>\\S+))?"
                    + " (?<kind>[A-Z ]+),( in (?<in>\\S+))?( out (?<out>\\S+))?");

    /** Returns the packet of {@code found}, which nothing has translated, and which is of TCP, UDP or an ICMP error. */
    static CounterexamplePacket of(Counterexample found) {
        Matcher text = TEXT.matcher(found.packet());
        if (!text.matches()) {
            throw new IllegalArgumentException("not a packet to send: " + found.packet());
        }
        String kind = text.group("kind");
        Header header = text.group("about") == null ? header(text) : error(text, kind, found.flow());
        return new CounterexamplePacket(
                found.place(), header, kind, orEmpty(text.group("in")), orEmpty(text.group("out")));
    }

    private static String orEmpty(@Nullable String name) {
        return name == null ? "" : name;
    }

    private static Header header(Matcher text) {
        HostAndPort source = HostAndPort.fromString(text.group("source"));
        HostAndPort destination = HostAndPort.fromString(text.group("destination"));
        int flags = 0;
        for (String flag : orEmpty(text.group("flags")).split(",")) {
            flags |= flag.isEmpty() ? 0 : 1 << FLAGS.indexOf(flag);
        }
        return Header.ports(
                Ip.parse(source.getHost()),
                source.getPort(),
                Ip.parse(destination.getHost()),
                destination.getPort(),
                text.group("protocol").equals("tcp") ? Header.TCP : Header.UDP,
                flags);
    }

    /** One of the flow's own direction quotes an answer; one of the other direction quotes what was sent. */
    private static Header error(Matcher text, String kind, Flow flow) {
        Header first = Header.ports(
                Ip.parse(text.group("own")),
                FIRST_PORT,
                Ip.parse(flow.host()),
                flow.port().orElseThrow(),
                flow.protocol(),
                Header.SYN);
        Ip source = Ip.parse(text.group("source"));
        int unreachable = Places.of(source.family()).unreachable();
        Header quoted = kind.equals("RELATED") ? answer(first) : first;
        return Header.icmp(source, Ip.parse(text.group("destination")), unreachable, 3, 0, quoted);
    }

    /** Returns whether it begins a flow, or belongs to none. */
    boolean begins() {
        return kind.equals("NEW") || kind.equals("INVALID");
    }

    /** Returns whether it goes the way of its flow's first packet. */
    boolean forward() {
        return begins() || kind.equals("ESTABLISHED") || kind.equals("RELATED");
    }

    /** Returns the packet that its flow begins with. */
    Header first() {
        return switch (kind) {
            case "ESTABLISHED" -> header.withTcpFlags(Header.SYN);
            case "REPLY" -> turned(header).withTcpFlags(Header.SYN);
            case "RELATED" -> turned(Objects.requireNonNull(header.quoted())).withTcpFlags(Header.SYN);
            case "RELATED REPLY" -> Objects.requireNonNull(header.quoted());
            default -> header;
        };
    }

    /**
     * Returns the packet as it is where its flow's first one is {@code left}, which the host has given its own address.
     */
    Header outside(Header left) {
        return switch (kind) {
            case "REPLY" -> answer(left);
            case "RELATED REPLY" ->
                Header.icmp(
                        header.source(), left.source(), header.icmpType(), header.icmpCode(), header.icmpId(), left);
            default -> header;
        };
    }

    /** Returns what answers the first packet of a flow of TCP. */
    static Header answer(Header first) {
        return turned(first).withTcpFlags(Header.SYN | Header.ACK);
    }

    private static Header turned(Header header) {
        return header.withEnds(header.destination(), header.destinationPort(), header.source(), header.sourcePort());
    }

    /** Returns it to another destination. */
    CounterexamplePacket to(Ip destination, int port) {
        Header other = header.withEnds(header.source(), header.sourcePort(), destination, port);
        return new CounterexamplePacket(place, other, kind, in, out);
    }

    /** Returns whether it is decided on the host's end of the link. */
    boolean onHost() {
        return place.startsWith("host ");
    }

    /** Returns the hook, such as {@code filter FORWARD}. */
    String hook() {
        return place.split(" ", 3)[2];
    }
}
