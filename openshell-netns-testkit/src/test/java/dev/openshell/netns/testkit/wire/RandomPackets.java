package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.ArrayList;
import java.util.List;

/** Packets for the rules that a pool was used for: new ones, and more of a flow, replies to it, errors about it. */
final class RandomPackets {
    private static final int FEWEST = 50;
    private static final int SPREAD = 50;

    private final Pool pool;

    RandomPackets(Pool pool) {
        this.pool = pool;
    }

    List<Sending> list() {
        List<Sending> packets = new ArrayList<>();
        int count = FEWEST + pool.random.nextInt(SPREAD);
        while (packets.size() < count) {
            packets.add(packets.isEmpty() || pool.chance(55) ? fresh() : later(pool.pick(packets)));
        }
        return packets;
    }

    private Sending fresh() {
        int kind = pool.random.nextInt(10);
        Way way = kind < 5 ? Way.WEST : kind < 7 ? Way.EAST : Way.LOCAL;
        Ip source = way == Way.WEST
                ? near(pool.behindWest)
                : way == Way.EAST ? near(pool.behindEast) : pool.pick(pool.router);
        Ip destination = way == Way.EAST
                ? near(pool.chance(60) ? pool.behindWest : pool.router)
                : near(pool.chance(70) ? pool.behindEast : pool.router);
        if (way == Way.LOCAL && pool.chance(20)) {
            destination = pool.pick(pool.behindWest);
        }
        return new Sending(way, header(source, destination), way == Way.LOCAL ? user() : 0);
    }

    private int user() {
        return pool.pick(List.of(0, 0, 999, 1000, 1001));
    }

    private Ip near(List<Ip> usual) {
        return pool.boundaries.isEmpty() || pool.chance(65) ? pool.pick(usual) : pool.pick(pool.boundaries);
    }

    private Header header(Ip source, Ip destination) {
        int port = pool.port();
        int from = pool.chance(70) ? 20_000 + pool.random.nextInt(4) : pool.port();
        return switch (pool.random.nextInt(12)) {
            case 0, 1, 2, 3 -> Header.ports(source, from, destination, port, Header.TCP, flags());
            case 4, 5, 6 -> Header.ports(source, from, destination, port, Header.UDP, 0);
            case 7, 8 -> icmp(source, destination);
            case 9 -> Header.ports(source, from, destination, port, Header.SCTP, 0);
            case 10 -> Header.other(source, destination, pool.pick(List.of(47, 253)));
            default ->
                Header.ports(source, from, destination, port, pool.pick(List.of(Header.UDPLITE, Header.DCCP)), 0);
        };
    }

    private Header icmp(Ip source, Ip destination) {
        boolean v4 = pool.family == Family.IPV4;
        int type = v4 ? pool.pick(List.of(8, 8, 8, 0, 13)) : pool.pick(List.of(128, 128, 128, 129));
        return Header.icmp(source, destination, type, 0, 1 + pool.random.nextInt(3), null);
    }

    private int flags() {
        return pool.pick(List.of(
                Header.SYN,
                Header.SYN,
                Header.SYN,
                Header.SYN,
                Header.ACK,
                Header.SYN | Header.ACK,
                Header.RST,
                Header.FIN | Header.ACK,
                Header.ACK | Header.PSH,
                0,
                Header.FIN | Header.SYN,
                63));
    }

    /** A packet that follows {@code earlier}, which may not have got through, or not with these ends. */
    private Sending later(Sending earlier) {
        Header header = earlier.header();
        int kind = pool.random.nextInt(10);
        if (kind < 3) {
            return new Sending(earlier.way(), withFlags(header, flags()), earlier.user());
        }
        Way back = wayBack(header.destination());
        if (kind < 8) {
            return new Sending(back, reply(header), 0);
        }
        boolean v4 = pool.family == Family.IPV4;
        int type = v4 ? pool.pick(List.of(3, 3, 11)) : pool.pick(List.of(1, 1, 3));
        int code = type == 3 && v4 || type == 1 ? pool.pick(List.of(1, 3, 4)) : 0;
        Header quoted = header.quoted() == null ? header : header.quoted();
        return new Sending(back, Header.icmp(header.destination(), header.source(), type, code, 0, quoted), 0);
    }

    private Way wayBack(Ip from) {
        if (pool.router.contains(from)) {
            return Way.LOCAL;
        }
        boolean west = pool.family == Family.IPV4
                ? from.low() >>> 8 == 0x0ac801L
                : from.high() == pool.behindWest.get(0).high();
        return west ? Way.WEST : Way.EAST;
    }

    private static Header withFlags(Header header, int flags) {
        return header.protocol() == Header.TCP
                ? Header.ports(
                        header.source(),
                        header.sourcePort(),
                        header.destination(),
                        header.destinationPort(),
                        Header.TCP,
                        flags)
                : header;
    }

    private Header reply(Header header) {
        if (header.isIcmp()) {
            int request = pool.family == Family.IPV4 ? 8 : 128;
            int answer = pool.family == Family.IPV4 ? 0 : 129;
            int type = header.icmpType() == request
                    ? answer
                    : header.icmpType() == 13 && pool.family == Family.IPV4 ? 14 : request;
            return Header.icmp(header.destination(), header.source(), type, 0, header.icmpId(), null);
        }
        int flags = header.protocol() != Header.TCP
                ? 0
                : header.tcpFlags() == Header.SYN && pool.chance(80)
                        ? Header.SYN | Header.ACK
                        : pool.chance(60) ? Header.ACK : flags();
        Header turned =
                header.withEnds(header.destination(), header.destinationPort(), header.source(), header.sourcePort());
        return withFlags(turned, flags);
    }
}
