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
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Which addresses of an answer are taken, and where aliases lead. */
@Timeout(60)
class SystemResolverAliasesTest {
    private static final int BAD = 66;
    private static final int GOOD = 1;

    @Test
    void aliasesAreFollowedWithinTheAnswerAndNothingElseIsTaken() throws IOException {
        Name db = name("db.example.");
        Name x = name("x.example.");
        Name y = name("y.example.");
        ScriptedDns.Script script = query -> query.type() == Type.AAAA
                ? List.of(query.noError(cname(db, x), soa(x)).toWire())
                : List.of(query.noError(
                                a(name("evil.example."), BAD),
                                a(db, BAD),
                                a(y, 2),
                                cname(x, name("Y.example.")),
                                a(y, 1),
                                a(y, 2),
                                cname(db, x),
                                aaaa(y, BAD))
                        .toWire());
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).containsExactly("198.51.100.2", "198.51.100.1");
            assertThat(dns.seen(0)).as("the SOA says that there is no AAAA").hasSize(2);
        }
    }

    @Test
    void addressesInOtherSectionsAreNotTaken() throws IOException {
        ScriptedDns.Script script = query -> {
            Message message = query.noError();
            message.addRecord(a(query.name(), BAD), Section.ADDITIONAL);
            message.addRecord(a(query.name(), BAD), Section.AUTHORITY);
            return List.of(message.toWire());
        };
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).isEmpty();
        }
    }

    @Test
    void addressesWithNxdomainAreNotTaken() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(query ->
                List.of(query.reply(Rcode.NXDOMAIN, a(query.name(), BAD)).toWire()))) {
            assertThat(resolve(dns, "db.example")).isEmpty();
        }
    }

    @Test
    void theTargetOfAnAliasIsAskedForWhereTheAnswerEndsThere() throws IOException {
        Name target = name("target.example.");
        ScriptedDns.Script script = query -> query.name().equals(target)
                ? query.address(GOOD)
                : List.of(query.noError(cname(query.name(), target)).toWire());
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).containsExactly("198.51.100.1", "2001:db8::1");
            assertThat(dns.seen(0)).contains("udp A target.example.", "udp AAAA target.example.");
        }
    }

    @Test
    void aCircleOfAliasesIsNoAnswer() throws IOException {
        Name db = name("db.example.");
        Name x = name("x.example.");
        ScriptedDns.Script within = query ->
                List.of(query.noError(cname(db, x), cname(x, db), a(x, BAD)).toWire());
        ScriptedDns.Script across =
                query -> List.of(query.noError(cname(query.name(), query.name().equals(db) ? x : db))
                        .toWire());
        for (ScriptedDns.Script script : List.of(within, across)) {
            try (ScriptedDns dns = ScriptedDns.start(script)) {
                assertThatThrownBy(() -> resolve(dns, "db.example"))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("in a circle");
                assertThat(dns.seen(0)).hasSizeLessThanOrEqualTo(4);
            }
        }
        try (ScriptedDns dns = ScriptedDns.start(within, query -> query.address(GOOD))) {
            assertThat(resolve(dns, 2, "", "db.example")).containsExactly("198.51.100.1", "2001:db8::1");
        }
    }

    @Test
    void endlessAliasesAreNotFollowedForEver() throws IOException {
        ScriptedDns.Script script = query -> List.of(
                query.noError(cname(query.name(), new Name("x", query.name()))).toWire());
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThatThrownBy(() -> resolve(dns, "db.example"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("more aliases than 8");
            assertThat(dns.seen(0)).hasSize(18);
        }
        Record[] long17 = IntStream.range(0, 17)
                .mapToObj(i -> cname(name(i == 0 ? "db.example." : "x" + i + "."), name("x" + (i + 1) + ".")))
                .toArray(Record[]::new);
        try (ScriptedDns dns =
                ScriptedDns.start(query -> List.of(query.noError(long17).toWire()))) {
            assertThatThrownBy(() -> resolve(dns, "db.example"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("too many");
        }
    }
}
