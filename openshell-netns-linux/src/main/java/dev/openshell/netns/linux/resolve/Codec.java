package dev.openshell.netns.linux.resolve;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** DNS messages (RFC 1035 section 4) from and to bytes, and which of them answers a query. */
final class Codec {
    /** The payload that fits any path unfragmented: DNS flag day 2020. */
    static final int PAYLOAD = 1232;

    private Codec() {}

    /** Returns the query with recursion desired, with an OPT record (RFC 6891) if {@code edns}. */
    static byte[] query(int id, Question question, boolean edns) {
        Message query = new Message(id);
        query.getHeader().setFlag(Flags.RD);
        query.addRecord(question.section(), Section.QUESTION);
        if (edns) {
            query.addRecord(new OPTRecord(PAYLOAD, 0, 0), Section.ADDITIONAL);
        }
        return query.toWire();
    }

    /** Returns the message, or empty for bytes that are none. */
    static Optional<Message> decode(byte[] bytes) {
        try {
            return Optional.of(new Message(bytes));
        } catch (IOException | RuntimeException e) {
            // Anybody on the path can send anything; what is not understood is no answer.
            return Optional.empty();
        }
    }

    /**
     * Returns whether {@code message} answers {@code question}, asked as {@code id}. An error may come without the
     * question, as some servers send it: it can't bring an address in.
     */
    static boolean answers(Message message, int id, Question question) {
        Header header = message.getHeader();
        if (header.getID() != id || !header.getFlag(Flags.QR) || header.getOpcode() != Opcode.QUERY) {
            return false;
        }
        List<Record> questions = message.getSection(Section.QUESTION);
        if (questions.isEmpty()) {
            return isError(header.getRcode());
        }
        Record asked = questions.get(0);
        return questions.size() == 1
                && asked.getName().equals(question.name())
                && asked.getType() == question.type()
                && asked.getDClass() == DClass.IN;
    }

    /** Returns what {@code message}, which answers a query, means. */
    static Reply reply(Message message) {
        Header header = message.getHeader();
        int rcode = message.getRcode();
        if (rcode == Rcode.FORMERR || rcode == Rcode.BADVERS) {
            return Reply.of(Reply.Kind.FORMAT_ERROR, "said " + Rcode.string(rcode));
        }
        if (isError(rcode)) {
            return Reply.of(Reply.Kind.REFUSAL, "said " + Rcode.string(rcode));
        }
        if (header.getFlag(Flags.TC)) {
            return Reply.of(Reply.Kind.TRUNCATED, "truncated its answer");
        }
        if (isLame(message)) {
            return Reply.of(Reply.Kind.REFUSAL, "does not know and does not ask others");
        }
        return Reply.answer(message);
    }

    private static boolean isError(int rcode) {
        return rcode != Rcode.NOERROR && rcode != Rcode.NXDOMAIN;
    }

    /** An empty answer from a server that neither is responsible nor recurses, as in glibc's res_send.c. */
    private static boolean isLame(Message message) {
        Header header = message.getHeader();
        return header.getRcode() == Rcode.NOERROR
                && !header.getFlag(Flags.AA)
                && !header.getFlag(Flags.RA)
                && message.getSection(Section.ANSWER).isEmpty()
                && message.getSection(Section.ADDITIONAL).stream().allMatch(extra -> extra.getType() == Type.OPT);
    }
}
