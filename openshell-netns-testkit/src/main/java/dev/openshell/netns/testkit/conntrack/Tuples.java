package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Tuple;
import org.jspecify.annotations.Nullable;

/** Makes tuples of packets, and the tuples of their answers. */
public final class Tuples {
    private Tuples() {}

    /** Returns the tuple of a packet; null for ICMP of the other family, which no tracker takes. */
    public static @Nullable Tuple of(Header header) {
        int protocol = header.protocol();
        if (header.isIcmp()) {
            int typeAndCode = header.icmpType() << 8 | header.icmpCode();
            return new Tuple(header.source(), header.destination(), protocol, header.icmpId(), typeAndCode);
        }
        if (isIcmp(protocol)) {
            return null;
        }
        return hasPorts(protocol)
                ? new Tuple(
                        header.source(), header.destination(), protocol, header.sourcePort(), header.destinationPort())
                : new Tuple(header.source(), header.destination(), protocol, 0, 0);
    }

    /** Returns the tuple of the answer; null where none answers, as for an ICMP error. */
    public static @Nullable Tuple invert(Tuple tuple) {
        int protocol = tuple.protocol();
        if (!isIcmp(protocol)) {
            return new Tuple(
                    tuple.destination(), tuple.source(), protocol, tuple.destinationPort(), tuple.sourcePort());
        }
        int answer = Icmp.opposite(tuple.source().family(), tuple.destinationPort() >>> 8);
        int code = tuple.destinationPort() & 0xff;
        return answer < 0
                ? null
                : new Tuple(tuple.destination(), tuple.source(), protocol, tuple.sourcePort(), answer << 8 | code);
    }

    /** Returns {@link #invert} of a tuple that belongs to a flow, and so has an answer. */
    static Tuple inverted(Tuple tuple) {
        Tuple answer = invert(tuple);
        if (answer == null) {
            throw new IllegalStateException("a flow whose tuple nothing answers: " + tuple);
        }
        return answer;
    }

    /** Returns whether the tracker of {@code protocol} reads ports; that of DCCP went in Linux 6.17. */
    public static boolean hasPorts(int protocol) {
        return Header.hasPorts(protocol) && protocol != Header.DCCP;
    }

    /** Returns whether it is ICMP or ICMPv6. */
    public static boolean isIcmp(int protocol) {
        return protocol == Header.ICMP || protocol == Header.ICMPV6;
    }

    /** Returns it with another source address, or destination address. */
    static Tuple withAddress(Tuple tuple, boolean source, Ip address) {
        return new Tuple(
                source ? address : tuple.source(),
                source ? tuple.destination() : address,
                tuple.protocol(),
                tuple.sourcePort(),
                tuple.destinationPort());
    }

    /** Returns it with another {@link #key}. */
    static Tuple withKey(Tuple tuple, boolean source, int key) {
        boolean first = source || isIcmp(tuple.protocol());
        return new Tuple(
                tuple.source(),
                tuple.destination(),
                tuple.protocol(),
                first ? key : tuple.sourcePort(),
                first ? tuple.destinationPort() : key);
    }

    /** Returns what NAT changes beside the address: a port, or in both directions the identifier of ICMP. */
    static int key(Tuple tuple, boolean source) {
        return source || isIcmp(tuple.protocol()) ? tuple.sourcePort() : tuple.destinationPort();
    }
}
