package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Makes packets of few hosts and ports at random, many of which answer others or are errors about them. */
final class Traffic {
    /** A packet and the side it is sent from. */
    record Sent(int side, Header header) {
        @Override
        public String toString() {
            return (side == 0 ? "left " : "right ") + RawPackets.brief(header);
        }
    }

    private static final int[] TCP_FLAGS = {
        Header.SYN, Header.SYN, Header.SYN | Header.ACK, Header.ACK, Header.FIN | Header.ACK, Header.RST, Header.FIN
    };
    private static final int[] PROTOCOLS_V4 = {
        Header.TCP,
        Header.TCP,
        Header.UDP,
        Header.UDP,
        Header.UDPLITE,
        Header.DCCP,
        47,
        253,
        Header.ICMP,
        Header.ICMP,
        Header.ICMPV6
    };
    private static final int[] PROTOCOLS_V6 = {
        Header.TCP,
        Header.TCP,
        Header.UDP,
        Header.UDP,
        Header.UDPLITE,
        Header.DCCP,
        47,
        253,
        Header.ICMPV6,
        Header.ICMPV6,
        Header.ICMP
    };
    private static final int[] TYPES_V4 = {8, 8, 8, 0, 13, 14, 15, 16, 17, 18, 9, 10, 1, 19, 40};
    private static final int[] TYPES_V6 = {128, 128, 128, 129, 139, 140, 130, 131, 132, 143, 150, 200};
    private static final int[] ERRORS_V4 = {3, 3, 4, 5, 11, 12};
    private static final int[] ERRORS_V6 = {1, 1, 2, 3, 4, 100, 127};
    private static final int KEPT = 12;

    private final Random random;
    private final Family family;
    private final List<Sent> arrived = new ArrayList<>();

    Traffic(Random random, Family family) {
        this.random = random;
        this.family = family;
    }

    /** Tells that a packet came out on a side: others will answer it, but for one of the router's own. */
    void arrived(int side, Header header) {
        if (header.source().equals(host(side, 1))) {
            return;
        }
        arrived.add(new Sent(side, header));
        if (arrived.size() > KEPT) {
            arrived.remove(0);
        }
    }

    Sent next() {
        int what = arrived.isEmpty() ? 0 : random.nextInt(10);
        if (what < 4) {
            return fresh();
        }
        Sent to = arrived.get(random.nextInt(arrived.size()));
        return what < 8 ? answer(to) : error(to);
    }

    private Sent fresh() {
        int side = random.nextInt(2);
        Ip source = host(side, 2 + random.nextInt(3));
        Ip destination = host(1 - side, 2 + random.nextInt(4));
        int protocol = pick(family == Family.IPV4 ? PROTOCOLS_V4 : PROTOCOLS_V6);
        return new Sent(side, packet(source, port(), destination, port(), protocol));
    }

    private Sent answer(Sent to) {
        Header header = to.header();
        if (header.isIcmp()) {
            int type = Icmp.opposite(family, header.icmpType());
            int answered = type < 0 ? 8 : type;
            return new Sent(
                    to.side(),
                    Header.icmp(
                            header.destination(), header.source(), answered, header.icmpCode(), header.icmpId(), null));
        }
        return new Sent(
                to.side(),
                packet(
                        header.destination(),
                        header.destinationPort(),
                        header.source(),
                        header.sourcePort(),
                        header.protocol()));
    }

    private Sent error(Sent about) {
        Ip source = host(about.side(), 2 + random.nextInt(3));
        Ip destination = random.nextInt(6) == 0
                ? host(1 - about.side(), 2)
                : about.header().source();
        int type = pick(family == Family.IPV4 ? ERRORS_V4 : ERRORS_V6);
        return new Sent(about.side(), Header.icmp(source, destination, type, 1, 0, about.header()));
    }

    private Header packet(Ip source, int sourcePort, Ip destination, int destinationPort, int protocol) {
        int icmp = family == Family.IPV4 ? Header.ICMP : Header.ICMPV6;
        if (protocol == icmp) {
            int type = pick(family == Family.IPV4 ? TYPES_V4 : TYPES_V6);
            return Header.icmp(source, destination, type, 0, RawPackets.hasId(family, type) ? port() : 0, null);
        }
        return Header.hasPorts(protocol)
                ? Header.ports(
                        source,
                        sourcePort,
                        destination,
                        destinationPort,
                        protocol,
                        protocol == Header.TCP ? pick(TCP_FLAGS) : 0)
                : Header.other(source, destination, protocol);
    }

    private Ip host(int side, int number) {
        return host(family, side, number);
    }

    static Ip host(Family family, int side, int number) {
        return Ip.parse(
                family == Family.IPV4
                        ? "10.200." + (side + 1) + "." + number
                        : "2001:db8:" + (side + 1) + "::" + number);
    }

    /** Returns the side that an address is on. */
    static int side(Ip address) {
        byte[] raw = address.bytes();
        return (address.family() == Family.IPV4 ? raw[2] : raw[5]) - 1;
    }

    private int port() {
        return 2001 + random.nextInt(2);
    }

    private int pick(int[] choices) {
        return choices[random.nextInt(choices.length)];
    }
}
