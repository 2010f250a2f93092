package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.StringJoiner;

/** A packet as people read it. */
final class PacketText {
    private PacketText() {}

    static String of(Packet packet) {
        StringJoiner text = new StringJoiner(" ");
        text.add(of(packet.header()));
        PacketMeta meta = packet.meta();
        if (!meta.in.isEmpty()) {
            text.add("in " + meta.in);
        }
        if (!meta.out.isEmpty()) {
            text.add("out " + meta.out);
        }
        if (meta.state != ConnState.NEW) {
            text.add(meta.state + (meta.reply ? " reply" : ""));
        }
        if (meta.mark != 0) {
            text.add("mark 0x" + Integer.toHexString(meta.mark));
        }
        return text.toString();
    }

    static String of(Header header) {
        boolean ports = Header.hasPorts(header.protocol());
        String ends = end(header.source(), header.sourcePort(), ports) + " > "
                + end(header.destination(), header.destinationPort(), ports);
        String text = protocol(header) + " " + ends;
        if (header.protocol() == Header.TCP) {
            text += " " + Packet.of(header).flags();
        } else if (header.isIcmp()) {
            text += " type " + header.icmpType() + " code " + header.icmpCode();
        }
        Header quoted = header.quoted();
        return quoted == null ? text : text + " about (" + of(quoted) + ")";
    }

    private static String protocol(Header header) {
        return switch (header.protocol()) {
            case Header.TCP -> "tcp";
            case Header.UDP -> "udp";
            case Header.SCTP -> "sctp";
            case Header.ICMP -> "icmp";
            case Header.ICMPV6 -> "icmpv6";
            default -> "protocol " + header.protocol();
        };
    }

    private static String end(Ip address, int port, boolean ports) {
        String text = address.family() == Family.IPV6 && ports ? "[" + address + "]" : address.toString();
        return ports ? text + ":" + port : text;
    }
}
