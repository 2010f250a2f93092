package dev.openshell.netns.linux.resolve;

import static dev.openshell.netns.linux.resolve.ResolverFixture.LONG;
import static dev.openshell.netns.linux.resolve.ResolverFixture.NXDOMAIN;
import static dev.openshell.netns.linux.resolve.ResolverFixture.resolver;
import static dev.openshell.netns.linux.resolve.ScriptedDns.name;
import static dev.openshell.netns.linux.resolve.ScriptedDns.soa;
import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.linux.base.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

/** What resolving a name shows besides its addresses. */
@Timeout(60)
class SystemResolverFactsTest {
    private static final Name DB = name("db.example.");
    private static final Name X = name("x.example.");
    private static final Name Y = name("y.cdn.test.");

    private static Record a(Name name, int last, long ttl) {
        return new ARecord(name, DClass.IN, ttl, new byte[] {(byte) 198, 51, 100, (byte) last});
    }

    private static Record cname(Name name, Name target, long ttl) {
        return new CNAMERecord(name, DClass.IN, ttl, target);
    }

    private static List<byte[]> answer(ScriptedDns.Query query, Record... records) {
        return List.of(query.noError(records).toWire());
    }

    private static NameFacts facts(ScriptedDns.Script script, String lines, String name) throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            SystemResolver resolver = resolver(dns, 1, lines);
            SystemResolver.Answer answer = resolver.answer(name);
            assertThat(answer.addresses()).isEqualTo(resolver.resolve(name));
            return answer.facts();
        }
    }

    private static NameFacts facts(String name, long ttl, String canonical) {
        return new NameFacts(name, OptionalLong.of(ttl), Optional.ofNullable(canonical));
    }

    @Test
    void theSmallestTtlOfTheAddressesIsTaken() throws IOException {
        ScriptedDns.Script script = query ->
                query.type() == Type.A ? answer(query, a(DB, 1, 3600), a(DB, 2, 240), a(DB, 3, 900)) : answer(query);
        assertThat(facts(script, "", "db.example")).isEqualTo(facts("db.example", 240, null));
    }

    @Test
    void bothFamiliesCount() throws IOException {
        ScriptedDns.Script script = query -> query.type() == Type.A ? answer(query, a(DB, 1, 3600)) : query.address(1);
        assertThat(facts(script, "", "db.example")).isEqualTo(facts("db.example", 60, null));
    }

    @Test
    void whatDoesNotLeadToAnAddressDoesNotCount() throws IOException {
        ScriptedDns.Script script = query -> query.type() == Type.A
                ? answer(query, a(name("other.example."), 9, 1), cname(X, Y, 2), a(DB, 1, 3600))
                : answer(query, cname(DB, Y, 3), soa(Y));
        assertThat(facts(script, "", "db.example")).isEqualTo(facts("db.example", 3600, null));
    }

    @ParameterizedTest
    @CsvSource({"30, 600, 900", "600, 30, 900", "600, 900, 30"})
    void aliasesWithinAnAnswerCount(long first, long second, long last) throws IOException {
        ScriptedDns.Script script = query -> query.type() == Type.A
                ? answer(query, a(Y, 1, last), cname(X, Y, second), cname(DB, X, first))
                : answer(query, cname(DB, X, first), cname(X, Y, second), soa(Y));
        assertThat(facts(script, "", "db.example")).isEqualTo(facts("db.example", 30, "y.cdn.test"));
    }

    @ParameterizedTest
    @CsvSource({"30, 600, 900", "600, 30, 900", "600, 900, 30"})
    void aliasesOverSeveralAnswersCount(long first, long second, long last) throws IOException {
        ScriptedDns.Script script = query -> {
            if (query.name().equals(DB)) {
                return answer(query, cname(DB, X, first));
            }
            if (query.name().equals(X)) {
                return answer(query, cname(X, name("Y.cdn.TEST."), second));
            }
            return query.type() == Type.A ? answer(query, a(query.name(), 1, last)) : answer(query);
        };
        assertThat(facts(script, "", "db.example")).isEqualTo(facts("db.example", 30, "y.cdn.test"));
    }

    @Test
    void theNameInTheSearchListIsNoAlias() throws IOException {
        ScriptedDns.Script script =
                query -> query.name().equals(name("db.corp.test.")) ? query.address(1) : NXDOMAIN.answer(query);
        assertThat(facts(script, "search a.test Corp.Test", "db")).isEqualTo(facts("db.corp.test", 60, null));
    }

    @Test
    void aNegativeTtlIsZero() throws IOException {
        ScriptedDns.Script script = query -> {
            if (query.type() != Type.A) {
                return answer(query);
            }
            Message message = query.noError(a(DB, 1, 0));
            byte[] wire = message.toWire();
            // The TTL is in front of the address's length and the address.
            wire[wire.length - 10] = (byte) 0x80;
            wire[wire.length - 9] = 1;
            return List.of(wire);
        };
        assertThat(facts(script, "", "db.example")).isEqualTo(facts("db.example", 0, null));
    }

    @Test
    void whatIsNotPrintableInACanonicalNameIsEscaped() throws IOException {
        Name strange = name("a\\010\\.b.cdn.test.");
        ScriptedDns.Script script = query ->
                query.type() == Type.A ? answer(query, cname(DB, strange, 60), a(strange, 1, 60)) : answer(query);
        assertThat(facts(script, "", "db.example").canonicalName()).contains("a\\010\\.b.cdn.test");
    }

    @Test
    void theHostsFileHasNoTtl(@TempDir Path dir) throws IOException {
        Path hosts = Files.writeString(dir.resolve("hosts"), "203.0.113.1 DB.example\n");
        try (ScriptedDns dns = ScriptedDns.start(query -> query.address(1))) {
            SystemResolver resolver = SystemResolver.of(
                    ChannelOpener.direct(), ResolvConf.parse(""), hosts, Deadline.in(LONG), dns.port());
            NameFacts none = new NameFacts("db.example", OptionalLong.empty(), Optional.empty());
            SystemResolver.Answer listed = resolver.answer("Db.example");
            assertThat(listed.facts()).isEqualTo(none);
            assertThat(listed.addresses())
                    .extracting(InetAddress::getHostAddress)
                    .containsExactly("203.0.113.1");
            assertThat(resolver.answer("other.example").facts()).isEqualTo(facts("other.example", 60, null));
        }
    }

    @Test
    void aNameWithoutAddressesHasNothing() throws IOException {
        NameFacts none = new NameFacts("db.example", OptionalLong.empty(), Optional.empty());
        assertThat(facts(NXDOMAIN, "", "db.example.")).isEqualTo(none);
    }
}
