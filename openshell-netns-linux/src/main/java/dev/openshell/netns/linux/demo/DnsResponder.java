package dev.openshell.netns.linux.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Answers DNS queries (RFC 1035) from a fixed table of IPv4 addresses. */
final class DnsResponder {
    private static final int HEADER = 12;
    private static final int TTL_SECONDS = 60;
    private static final int UDP_PAYLOAD = 1232;

    private final Map<Name, InetAddress> addresses;

    /** Makes a responder that knows {@code addresses}, by absolute names; it has no other names and no other types. */
    DnsResponder(Map<Name, InetAddress> addresses) {
        this.addresses = Map.copyOf(addresses);
    }

    /**
     * Returns the answer to {@code query}: the address, no records for a known name's other types, NXDOMAIN for other
     * names, NOTIMP for what is no standard query, FORMERR for what can't be read. None for what is no query at all:
     * two servers must never answer each other.
     */
    Optional<byte[]> answer(byte[] query) {
        if (query.length < HEADER || (query[2] & 0x80) != 0) {
            return Optional.empty();
        }
        Message reply;
        try {
            reply = reply(new Message(query));
        } catch (IOException unreadable) {
            // The header alone is all that can be said about it.
            reply = empty((query[0] & 0xff) << 8 | query[1] & 0xff, Rcode.FORMERR);
        }
        return Optional.of(reply.toWire());
    }

    private Message reply(Message query) {
        Header header = query.getHeader();
        Record question = query.getQuestion();
        if (header.getOpcode() != Opcode.QUERY) {
            Message reply = empty(header.getID(), Rcode.NOTIMP);
            reply.getHeader().setOpcode(header.getOpcode());
            return reply;
        }
        if (question == null || header.getCount(Section.QUESTION) != 1) {
            return empty(header.getID(), Rcode.FORMERR);
        }
        InetAddress address = addresses.get(question.getName());
        Message reply = empty(header.getID(), address == null ? Rcode.NXDOMAIN : Rcode.NOERROR);
        reply.getHeader().setFlag(Flags.AA);
        reply.getHeader().setFlag(Flags.RA);
        if (header.getFlag(Flags.RD)) {
            reply.getHeader().setFlag(Flags.RD);
        }
        reply.addRecord(question, Section.QUESTION);
        if (address != null && question.getType() == Type.A && question.getDClass() == DClass.IN) {
            reply.addRecord(new ARecord(question.getName(), DClass.IN, TTL_SECONDS, address), Section.ANSWER);
        }
        if (query.getOPT() != null) {
            reply.addRecord(new OPTRecord(UDP_PAYLOAD, 0, 0), Section.ADDITIONAL);
        }
        return reply;
    }

    private static Message empty(int id, int rcode) {
        Message reply = new Message(id);
        reply.getHeader().setFlag(Flags.QR);
        reply.getHeader().setRcode(rcode);
        return reply;
    }
}
