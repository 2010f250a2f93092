package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;

/** What receivers answer. */
final class Replies {
    private static final int ECHO_REQUEST = 8;
    private static final int ECHO_REQUEST6 = 128;
    private static final int ECHO_REPLY = 0;
    private static final int ECHO_REPLY6 = 129;

    private Replies() {}

    static Packet to(Packet packet) {
        Header h = packet.header();
        PacketMeta meta = packet.meta();
        if (h.quoted() != null || (h.tcpFlags() & Header.RST) != 0) {
            throw new IllegalArgumentException("nobody answers " + packet);
        }
        int flags = h.tcpFlags() == Header.SYN ? Header.SYN | Header.ACK : Header.ACK;
        boolean four = h.family() == Family.IPV4;
        boolean echo = h.isIcmp() && h.icmpType() == (four ? ECHO_REQUEST : ECHO_REQUEST6);
        int type = echo ? four ? ECHO_REPLY : ECHO_REPLY6 : h.icmpType();
        Header answer = new Header(
                h.family(),
                h.destination(),
                h.source(),
                h.protocol(),
                h.destinationPort(),
                h.sourcePort(),
                h.protocol() == Header.TCP ? flags : 0,
                type,
                h.icmpCode(),
                h.icmpId(),
                null);
        PacketMeta back = new PacketMeta(meta.originalDestination, meta.originalPort);
        back.in = meta.out;
        back.out = meta.in;
        back.state = ConnState.ESTABLISHED;
        back.reply = !meta.reply;
        back.connMark = meta.connMark;
        return new Packet(answer, back);
    }
}
