package dev.openshell.netns.linux.resolve;

import static dev.openshell.netns.linux.resolve.ResolverFixture.resolve;
import static dev.openshell.netns.linux.resolve.ScriptedDns.a;
import static dev.openshell.netns.linux.resolve.ScriptedDns.aaaa;
import static dev.openshell.netns.linux.resolve.ScriptedDns.cname;
import static dev.openshell.netns.linux.resolve.ScriptedDns.name;
import static dev.openshell.netns.linux.resolve.ScriptedDns.soa;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
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

/** What is no answer, and what becomes of one that is too long or not understood. */
@Timeout(60)
class SystemResolverAnswersTest {
    private static final int BAD = 66;
    private static final int GOOD = 1;

    static Stream<Arguments> forgeries() {
        return Stream.of(
                forgery("another id", m -> m.getHeader().setID(m.getHeader().getID() ^ 1)),
                forgery("a query", m -> m.getHeader().unsetFlag(Flags.QR)),
                forgery("another opcode", m -> m.getHeader().setOpcode(Opcode.NOTIFY)),
                forgery("another name", m -> question(m, name("db.example.net."), Type.A, DClass.IN)),
                forgery("another type", m -> question(m, name("db.example."), Type.TXT, DClass.IN)),
                forgery(
                        "another class",
                        m -> question(m, name("db.example."), m.getQuestion().getType(), DClass.CH)),
                forgery("no question", m -> m.removeAllRecords(Section.QUESTION)),
                forgery("two questions", m -> m.addRecord(m.getQuestion(), Section.QUESTION)));
    }

    private static Arguments forgery(String what, Consumer<Message> change) {
        return Arguments.of(what, change);
    }

    private static void question(Message message, Name name, int type, int dclass) {
        message.removeAllRecords(Section.QUESTION);
        message.addRecord(Record.newRecord(name, type, dclass), Section.QUESTION);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forgeries")
    void aForgedAnswerIsIgnoredAndTheRealOneTaken(String what, Consumer<Message> change) throws IOException {
        ScriptedDns.Script script = query -> {
            Message forged = new Message(query.address(BAD).get(0));
            change.accept(forged);
            return List.of(forged.toWire(), query.address(GOOD).get(0));
        };
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).containsExactly("198.51.100.1", "2001:db8::1");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forgeries")
    void aForgedAnswerIsIgnoredOverTcpAsWell(String what, Consumer<Message> change) throws IOException {
        ScriptedDns.Script script = query -> {
            if (!query.tcp()) {
                return truncated(query);
            }
            Message forged = new Message(query.address(BAD).get(0));
            change.accept(forged);
            return List.of(
                    new byte[0],
                    new byte[] {1, 2, 3},
                    forged.toWire(),
                    query.address(GOOD).get(0));
        };
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).containsExactly("198.51.100.1", "2001:db8::1");
        }
    }

    @Test
    void anAnswerFromAnotherPortIsIgnored() throws IOException {
        ScriptedDns.Script script = query -> {
            ScriptedDns.sendFromElsewhere(query.address(BAD).get(0), query.from());
            return query.address(GOOD);
        };
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).containsExactly("198.51.100.1", "2001:db8::1");
        }
    }

    @Test
    void garbageIsIgnored() throws IOException {
        ScriptedDns.Script script = query -> {
            byte[] good = query.address(GOOD).get(0);
            byte[] overlong = good.clone();
            overlong[7] = 50;
            return List.of(
                    new byte[0], new byte[] {1}, Arrays.copyOf(good, 11), overlong, Arrays.copyOf(good, 30), good);
        };
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).containsExactly("198.51.100.1", "2001:db8::1");
        }
    }

    @Test
    void damagedMessagesNeverThrow() {
        Name db = name("db.example.");
        Question question = new Question(db, Type.A);
        Message message = new Message(7);
        message.getHeader().setFlag(Flags.QR);
        message.addRecord(question.section(), Section.QUESTION);
        message.addRecord(cname(db, name("x.example.")), Section.ANSWER);
        message.addRecord(a(name("x.example."), GOOD), Section.ANSWER);
        message.addRecord(aaaa(name("x.example."), GOOD), Section.ANSWER);
        message.addRecord(soa(name("example.")), Section.AUTHORITY);
        message.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
        byte[] whole = message.toWire();
        Random random = new Random(1);
        int understood = 0;
        for (int i = 0; i < 50_000; i++) {
            byte[] damaged = Arrays.copyOf(whole, random.nextInt(8) == 0 ? random.nextInt(whole.length) : whole.length);
            for (int hits = random.nextInt(4); hits >= 0 && damaged.length > 0; hits--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            Message read = Codec.decode(damaged).orElse(null);
            if (read != null
                    && Codec.answers(read, 7, question)
                    && Codec.reply(read).message() != null) {
                Chain.of(read, question);
                understood++;
            }
        }
        assertThat(understood).isPositive();
    }

    @Test
    void theQuestionsCaseDoesNotMatter() throws IOException {
        ScriptedDns.Script script = query -> {
            Message message = new Message(query.address(GOOD).get(0));
            question(message, name("DB.Example."), query.type(), DClass.IN);
            return List.of(message.toWire());
        };
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).containsExactly("198.51.100.1", "2001:db8::1");
        }
    }

    @Test
    void idsAndPortsAreFresh() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(query -> query.address(GOOD))) {
            for (int i = 0; i < 10; i++) {
                resolve(dns, "db.example");
            }
            List<ScriptedDns.Query> queries = new ArrayList<>(dns.queries(0));
            assertThat(queries.stream().map(query -> query.from().getPort()).distinct())
                    .hasSizeGreaterThan(5);
            assertThat(queries.stream()
                            .map(query -> query.message().getHeader().getID())
                            .distinct())
                    .hasSizeGreaterThan(15);
            assertThat(queries).allMatch(query -> query.message().getOPT().getPayloadSize() == 1232);
            assertThat(queries).allMatch(query -> query.message().getHeader().getFlag(Flags.RD));
        }
    }

    private static List<byte[]> truncated(ScriptedDns.Query query) {
        Message message = query.noError(query.type() == Type.A ? a(query.name(), BAD) : aaaa(query.name(), BAD));
        message.getHeader().setFlag(Flags.TC);
        return List.of(message.toWire());
    }

    @Test
    void aTruncatedAnswerIsHadOverTcp() throws IOException {
        ScriptedDns.Script script = query -> {
            if (!query.tcp()) {
                return query.type() == Type.A ? truncated(query) : query.error(Rcode.NOERROR);
            }
            Record[] many =
                    IntStream.range(0, 200).mapToObj(i -> a(query.name(), i)).toArray(Record[]::new);
            return List.of(query.noError(many).toWire());
        };
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example"))
                    .isEqualTo(IntStream.range(0, 200)
                            .mapToObj(i -> "198.51.100." + i)
                            .toList());
            assertThat(dns.seen(0)).contains("tcp A db.example.").doesNotContain("tcp AAAA db.example.");
        }
    }

    @Test
    void aServerWithoutTcpIsFollowedByTheNext() throws IOException {
        ScriptedDns.Script closes = query -> query.tcp() ? List.of() : truncated(query);
        ScriptedDns.Script truncates = SystemResolverAnswersTest::truncated;
        try (ScriptedDns dns = ScriptedDns.start(closes, truncates, query -> query.address(GOOD))) {
            assertThat(resolve(dns, 3, "", "db.example")).containsExactly("198.51.100.1", "2001:db8::1");
            assertThatThrownBy(() -> resolve(dns, 2, "", "db.example"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1 closed the TCP connection without an answer")
                    .hasMessageContaining("127.0.0.2 truncated its answer over TCP as well");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aServerWithoutEdnsIsAskedWithoutIt(boolean bare) throws IOException {
        ScriptedDns.Script script = query -> {
            if (!query.edns()) {
                return query.address(GOOD);
            }
            Message error = query.reply(Rcode.FORMERR);
            if (bare) {
                error.removeAllRecords(Section.QUESTION);
            }
            return List.of(error.toWire());
        };
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).containsExactly("198.51.100.1", "2001:db8::1");
            assertThat(dns.seen(0)).hasSize(4);
        }
    }
}
