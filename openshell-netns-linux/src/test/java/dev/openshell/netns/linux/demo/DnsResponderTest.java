package dev.openshell.netns.linux.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class DnsResponderTest {
    private final DnsResponder responder =
            new DnsResponder(Map.of(Probes.name("db.internal"), InetAddresses.forString("203.0.113.12")));

    @Test
    void answersWithTheAddress() throws IOException {
        Message query = query("db.internal.", Type.A);
        Message reply = answer(query);
        assertThat(reply.getHeader().getID()).isEqualTo(query.getHeader().getID());
        assertThat(flags(reply)).containsExactly(true, true, true, true);
        assertThat(reply.getQuestion()).isEqualTo(query.getQuestion());
        assertThat(answers(reply)).containsExactly("db.internal.\t\t60\tIN\tA\t203.0.113.12");
    }

    @Test
    void readsNamesWithoutRegardToCase() throws IOException {
        Message reply = answer(query("dB.InTernal.", Type.A));
        assertThat(answers(reply)).singleElement().asString().endsWith("203.0.113.12");
        assertThat(reply.getQuestion().getName()).hasToString("dB.InTernal.");
    }

    @Test
    void aKnownNameHasNoOtherTypes() throws IOException {
        Message reply = answer(query("db.internal.", Type.AAAA));
        assertThat(reply.getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(answers(reply)).isEmpty();
    }

    @Test
    void anUnknownNameIsNone() throws IOException {
        Message reply = answer(query("www.db.internal.", Type.A));
        assertThat(reply.getRcode()).isEqualTo(Rcode.NXDOMAIN);
        assertThat(answers(reply)).isEmpty();
    }

    @Test
    void speaksEdnsOnlyToWhoDoes() throws IOException {
        Message query = query("db.internal.", Type.A);
        assertThat(answer(query).getOPT()).isNull();
        query.addRecord(new OPTRecord(4096, 0, 0), Section.ADDITIONAL);
        assertThat(answer(query).getOPT()).isNotNull();
    }

    @Test
    void repeatsTheWishForRecursionOnlyWhereThereWasOne() throws IOException {
        Message query = query("db.internal.", Type.A);
        query.getHeader().unsetFlag(Flags.RD);
        assertThat(answer(query).getHeader().getFlag(Flags.RD)).isFalse();
    }

    @Test
    void knowsNoOtherOperations() throws IOException {
        Message query = query("db.internal.", Type.A);
        query.getHeader().setOpcode(Opcode.UPDATE);
        Message reply = answer(query);
        assertThat(reply.getRcode()).isEqualTo(Rcode.NOTIMP);
        assertThat(reply.getHeader().getOpcode()).isEqualTo(Opcode.UPDATE);
    }

    @Test
    void saysSoOfWhatItCannotRead() throws IOException {
        byte[] query = query("db.internal.", Type.A).toWire();
        Message reply = new Message(
                responder.answer(Arrays.copyOf(query, query.length - 3)).orElseThrow());
        assertThat(reply.getRcode()).isEqualTo(Rcode.FORMERR);
        assertThat(reply.getHeader().getID()).isEqualTo((query[0] & 0xff) << 8 | query[1] & 0xff);
        assertThat(answer(new Message(7)).getRcode()).isEqualTo(Rcode.FORMERR);
    }

    @Test
    void isSilentToWhatIsNoQuery() {
        Message reply = query("db.internal.", Type.A);
        reply.getHeader().setFlag(Flags.QR);
        assertThat(responder.answer(reply.toWire())).isEmpty();
        assertThat(responder.answer(new byte[11])).isEmpty();
    }

    private Message answer(Message query) throws IOException {
        return new Message(responder.answer(query.toWire()).orElseThrow());
    }

    private static Message query(String name, int type) {
        return Message.newQuery(Record.newRecord(Name.fromConstantString(name), type, DClass.IN));
    }

    private static List<Boolean> flags(Message message) {
        return List.of(Flags.QR, Flags.AA, Flags.RD, Flags.RA).stream()
                .map(flag -> message.getHeader().getFlag(flag))
                .toList();
    }

    private static List<String> answers(Message message) {
        return message.getSection(Section.ANSWER).stream().map(Record::toString).toList();
    }
}
