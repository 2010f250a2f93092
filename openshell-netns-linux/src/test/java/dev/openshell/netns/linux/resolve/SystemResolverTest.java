package dev.openshell.netns.linux.resolve;

import static dev.openshell.netns.linux.resolve.ResolverFixture.LONG;
import static dev.openshell.netns.linux.resolve.ResolverFixture.NO_HOSTS;
import static dev.openshell.netns.linux.resolve.ResolverFixture.NXDOMAIN;
import static dev.openshell.netns.linux.resolve.ResolverFixture.SILENT;
import static dev.openshell.netns.linux.resolve.ResolverFixture.only;
import static dev.openshell.netns.linux.resolve.ResolverFixture.resolve;
import static dev.openshell.netns.linux.resolve.ResolverFixture.resolver;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.linux.base.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Type;

/** The hosts file, the search list and the choice of servers. */
@Timeout(60)
class SystemResolverTest {
    @Test
    void asksForBothFamiliesInOneRoundTrip() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(ResolverFixture.bothAtOnce())) {
            assertThat(resolve(dns, "db.example")).containsExactlyInAnyOrder("198.51.100.1", "2001:db8::1");
            assertThat(dns.seen(0)).containsExactly("udp A db.example.", "udp AAAA db.example.");
        }
    }

    @Test
    void theHostsFileComesFirst(@TempDir Path dir) throws IOException {
        Path hosts = Files.writeString(dir.resolve("hosts"), "203.0.113.1 db.example\n2001:db8::7 DB.example\n");
        try (ScriptedDns dns = ScriptedDns.start(query -> query.address(1))) {
            SystemResolver resolver = SystemResolver.of(
                    ChannelOpener.direct(), ResolvConf.parse(""), hosts, Deadline.in(LONG), dns.port());
            assertThat(ResolverFixture.shown(resolver, "db.example")).containsExactly("203.0.113.1", "2001:db8::7");
            assertThat(dns.seen(0)).isEmpty();
            assertThat(ResolverFixture.shown(resolver, "other.example")).containsExactly("198.51.100.1", "2001:db8::1");
        }
    }

    @Test
    void aNameWithEnoughDotsIsTriedAsItIsFirst() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(NXDOMAIN)) {
            assertThat(resolve(dns, 1, "search a.test .b.test", "db.internal")).isEmpty();
            assertThat(dns.seen(0).stream().filter(seen -> seen.startsWith("udp A ")))
                    .containsExactly("udp A db.internal.", "udp A db.internal.a.test.", "udp A db.internal.b.test.");
        }
    }

    @Test
    void aNameWithTooFewDotsIsTriedAsItIsLast() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(NXDOMAIN)) {
            assertThat(resolve(dns, 1, "search a.test\noptions ndots:2", "db.internal"))
                    .isEmpty();
            assertThat(resolve(dns, 1, "search . a.test", "db")).isEmpty();
            assertThat(dns.seen(0).stream().filter(seen -> seen.startsWith("udp A ")))
                    .containsExactly(
                            "udp A db.internal.a.test.", "udp A db.internal.", "udp A db.", "udp A db.a.test.");
        }
    }

    @Test
    void aTrailingDotMakesANameAbsolute() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(NXDOMAIN)) {
            assertThat(resolve(dns, 1, "search a.test\noptions ndots:5", "db.internal."))
                    .isEmpty();
            assertThat(dns.seen(0)).containsExactly("udp A db.internal.", "udp AAAA db.internal.");
        }
    }

    @Test
    void theSearchEndsAtTheFirstNameWithAddresses() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(only("db.b.test.", 2))) {
            assertThat(resolve(dns, 1, "search a.test b.test c.test", "db")).containsExactly("198.51.100.2");
            assertThat(dns.seen(0)).hasSize(4).noneMatch(seen -> seen.contains("c.test"));
        }
    }

    @Test
    void noDataGoesOnWithTheSearchAsWell() throws IOException {
        ScriptedDns.Script script = query -> query.name().toString().equals("db.a.test.")
                ? query.error(Rcode.NOERROR)
                : only("db.b.test.", 2).answer(query);
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, 1, "search a.test b.test", "db")).containsExactly("198.51.100.2");
        }
    }

    @Test
    void aSearchDomainThatFailsIsPassedOverButNotForgotten() throws IOException {
        ScriptedDns.Script script = query -> query.name().toString().endsWith(".a.test.")
                ? query.error(Rcode.SERVFAIL)
                : only("db.b.test.", 2).answer(query);
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, 1, "search a.test b.test", "db")).containsExactly("198.51.100.2");
            assertThatThrownBy(() -> resolve(dns, 1, "search a.test", "db"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("no usable answer for db.a.test.: 127.0.0.1 said SERVFAIL | db.: has no address");
        }
    }

    @Test
    void deadServersEndTheSearch() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(SILENT)) {
            assertThatThrownBy(() -> resolve(dns, 1, "search a.test b.test", "db"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("no usable answer for db.a.test.: 127.0.0.1 said nothing within 1 s");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Rcode.SERVFAIL, Rcode.REFUSED, Rcode.NOTIMP, Rcode.NOTAUTH, Rcode.FORMERR})
    void aServerThatCanNotAnswerIsFollowedByTheNext(int rcode) throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(query -> query.error(rcode), query -> query.address(2))) {
            assertThat(resolve(dns, 2, "", "db.example")).containsExactly("198.51.100.2", "2001:db8::2");
            assertThat(dns.seen(0)).isNotEmpty();
        }
    }

    @Test
    void aServerThatNeitherKnowsNorAsksIsFollowedByTheNext() throws IOException {
        ScriptedDns.Script lame = query -> {
            Message reply = query.noError();
            reply.getHeader().unsetFlag(Flags.RA);
            return List.of(reply.toWire());
        };
        try (ScriptedDns dns = ScriptedDns.start(lame, query -> query.address(2))) {
            assertThat(resolve(dns, 2, "", "db.example")).containsExactly("198.51.100.2", "2001:db8::2");
        }
    }

    @Test
    void aSilentServerIsFollowedByTheNext() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(SILENT, query -> query.address(2))) {
            assertThat(resolve(dns, 2, "", "db.example")).containsExactly("198.51.100.2", "2001:db8::2");
            assertThat(dns.seen(0)).hasSize(2);
        }
    }

    @Test
    void anAbsentServerIsFollowedByTheNext() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(query -> query.address(1))) {
            SystemResolver resolver = SystemResolver.of(
                    ChannelOpener.direct(),
                    ResolvConf.parse("nameserver 127.0.0.9\nnameserver 127.0.0.1\noptions timeout:30"),
                    NO_HOSTS,
                    Deadline.in(Duration.ofSeconds(20)),
                    dns.port());
            assertThat(ResolverFixture.shown(resolver, "db.example")).hasSize(2);
            assertThatThrownBy(() -> SystemResolver.of(
                                    ChannelOpener.direct(),
                                    ResolvConf.parse("nameserver 127.0.0.9"),
                                    NO_HOSTS,
                                    Deadline.in(LONG),
                                    dns.port())
                            .resolve("db.example"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.9 can't be reached: port " + dns.port() + " unreachable");
        }
    }

    @Test
    void theListIsGoneThroughAgainWithoutEdns() throws IOException {
        ScriptedDns.Script script = query -> query.edns() ? List.of() : query.address(1);
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, 1, "options attempts:2", "db.example")).hasSize(2);
            assertThat(dns.seen(0)).hasSize(4);
            assertThatThrownBy(() -> resolve(dns, 1, "options attempts:1", "db.example"))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void rotationSpreadsTheFirstQuestion() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(query -> query.address(1), query -> query.address(2))) {
            SystemResolver rotating = resolver(dns, 2, "options rotate");
            SystemResolver fixed = resolver(dns, 2, "");
            for (int i = 0; i < 4; i++) {
                rotating.resolve("rotated.example");
                fixed.resolve("fixed.example");
            }
            for (int server : new int[] {0, 1}) {
                assertThat(dns.seen(server).stream().filter(seen -> seen.equals("udp A rotated.example.")))
                        .hasSize(2);
            }
            assertThat(dns.seen(0).stream().filter(seen -> seen.equals("udp A fixed.example.")))
                    .hasSize(4);
        }
    }

    @Test
    void oneFamilyIsEnoughWhereTheServerRefusesTheOther() throws IOException {
        ScriptedDns.Script script = query -> query.type() == Type.A ? query.address(1) : query.error(Rcode.SERVFAIL);
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).containsExactly("198.51.100.1");
        }
    }

    @Test
    void aSilentlyDroppedQuestionIsAskedAloneOnce() throws IOException {
        ScriptedDns.Script script = query -> {
            long asked = query.dns().seen(0).stream()
                    .filter(seen -> seen.contains("AAAA db."))
                    .count();
            return query.type() == Type.AAAA && asked < 2 ? List.of() : query.address(1);
        };
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThat(resolve(dns, "db.example")).containsExactly("198.51.100.1", "2001:db8::1");
            assertThat(dns.seen(0))
                    .containsExactly("udp A db.example.", "udp AAAA db.example.", "udp AAAA db.example.");
        }
    }

    @Test
    void noFamilyWithAddressesAndOneWithoutAnAnswerIsAFailure() throws IOException {
        ScriptedDns.Script script =
                query -> query.type() == Type.A ? query.error(Rcode.NOERROR) : query.error(Rcode.SERVFAIL);
        try (ScriptedDns dns = ScriptedDns.start(script)) {
            assertThatThrownBy(() -> resolve(dns, "db.example"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1 said SERVFAIL");
        }
    }
}
