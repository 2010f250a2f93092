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

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Deadline;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What bounds it, and names and sockets that are none. */
@Timeout(60)
class SystemResolverBoundsTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "a..b", ".", "..", "bad\\"})
    void whatCanNotBeADnsNameIsAFailureOrHasNoAddress(String name) throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(NXDOMAIN)) {
            if (name.equals(".")) {
                assertThat(resolve(dns, name)).isEmpty();
            } else {
                assertThatThrownBy(() -> resolve(dns, name))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("can't be a DNS name");
            }
        }
    }

    @Test
    void aSearchDomainThatIsNoneIsPassedOver() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(only("db.b.test.", 2))) {
            assertThat(resolve(dns, 1, "search a..test " + "x".repeat(64) + " b.test", "db"))
                    .containsExactly("198.51.100.2");
        }
    }

    @Test
    void socketsThatCanNotBeHadAreNamed() {
        ChannelOpener none = new ChannelOpener() {
            @Override
            public DatagramChannel openDatagram(ProtocolFamily family) throws IOException {
                if (family == StandardProtocolFamily.INET6) {
                    throw new UnsupportedOperationException("no IPv6 here");
                }
                throw new IOException("no sockets left");
            }

            @Override
            public SocketChannel openStream(ProtocolFamily family) throws IOException {
                throw new IOException("no sockets left");
            }
        };
        ResolvConf conf = ResolvConf.parse("nameserver 127.0.0.1\nnameserver ::1");
        assertThatThrownBy(() -> SystemResolver.of(none, conf, NO_HOSTS, Deadline.in(LONG))
                        .resolve("db.example"))
                .isInstanceOf(IOException.class)
                .hasMessage("no usable answer for db.example.: 127.0.0.1 can't be reached: no sockets left; "
                        + "::1 can't be reached: no IPv6 here");
    }

    @Test
    void theDeadlineEndsIt() throws IOException {
        try (ScriptedDns dns = ScriptedDns.start(SILENT)) {
            SystemResolver resolver = SystemResolver.of(
                    ChannelOpener.direct(),
                    ResolvConf.parse("options timeout:30"),
                    NO_HOSTS,
                    Deadline.in(Duration.ofMillis(300)),
                    dns.port());
            assertThatThrownBy(() -> resolver.resolve("db.example")).isInstanceOfSatisfying(NetnsException.class, e -> {
                assertThat(e.step()).isEqualTo("resolve");
                assertThat(e.object()).isEqualTo("db.example");
                assertThat(e).hasMessageContaining("not done within PT0.3S");
            });
            assertThat(dns.seen(0)).hasSize(2);
        }
    }

    @Test
    void anInterruptEndsItAndStaysSet() throws Exception {
        try (ScriptedDns dns = ScriptedDns.start(SILENT)) {
            SystemResolver resolver = resolver(dns, 1, "options timeout:30");
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            AtomicBoolean still = new AtomicBoolean();
            Thread thread = new Thread(() -> {
                try {
                    resolver.resolve("db.example");
                } catch (IOException | RuntimeException e) {
                    thrown.set(e);
                }
                still.set(Thread.currentThread().isInterrupted());
            });
            thread.start();
            assertThat(dns.queries(0).poll(20, TimeUnit.SECONDS)).isNotNull();
            thread.interrupt();
            thread.join(20_000);
            assertThat(thread.isAlive()).isFalse();
            assertThat(thrown.get()).isInstanceOf(NetnsException.class).hasMessageContaining("interrupted");
            assertThat(still).isTrue();
        }
    }
}
