package dev.openshell.netns.linux.resolve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real dnsmasq in a namespace of its own, asked through sockets that are opened there. */
@Tag("real-kernel")
@Timeout(60)
class SystemResolverIT {
    private static final String NAMESPACE = "osh-test-" + Long.toString(System.nanoTime() & 0xffffffffL, 36);

    @TempDir
    static Path dir;

    private static Process dnsmasq;
    private static int fd = -1;

    @BeforeAll
    static void start() throws Exception {
        try {
            run("ip", "netns", "add", NAMESPACE);
            run("ip", "-n", NAMESPACE, "link", "set", "lo", "up");
            run("ip", "-n", NAMESPACE, "address", "add", "10.43.0.10/32", "dev", "lo");
            run("ip", "-n", NAMESPACE, "address", "add", "2001:db8::53/128", "dev", "lo", "nodad");
            fd = Libc.open("/run/netns/" + NAMESPACE, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
            startDnsmasq();
        } catch (Exception | Error e) {
            stop();
            throw e;
        }
    }

    private static void startDnsmasq() throws IOException {
        List<String> lines = new ArrayList<>(List.of(
                "no-resolv",
                "no-hosts",
                "no-daemon",
                "pid-file",
                "user=root",
                "bind-interfaces",
                "listen-address=10.43.0.10,2001:db8::53",
                "edns-packet-max=512",
                "local=/test/",
                "host-record=both.test,203.0.113.7,2001:db8::7",
                "host-record=four.test,203.0.113.4",
                "host-record=six.test,2001:db8::6",
                "cname=alias.test,middle.test",
                "cname=middle.test,both.test",
                "cname=four-alias.test,four.test",
                "log-facility=-"));
        IntStream.range(0, 60).forEach(i -> lines.add("host-record=many.test,203.0.113." + (100 + i)));
        Path conf = Files.write(dir.resolve("dnsmasq.conf"), lines);
        dnsmasq = new ProcessBuilder("ip", "netns", "exec", NAMESPACE, "dnsmasq", "--conf-file=" + conf)
                .redirectErrorStream(true)
                .start();
        BufferedReader log = dnsmasq.inputReader();
        StringBuilder said = new StringBuilder();
        for (String line = log.readLine(); line != null; line = log.readLine()) {
            said.append(line).append('\n');
            if (line.contains("started, version")) {
                return;
            }
        }
        throw new IOException("dnsmasq did not start: " + said);
    }

    @AfterAll
    static void stop() throws Exception {
        try {
            if (dnsmasq != null) {
                assertThat(dnsmasq.destroyForcibly().waitFor(20, TimeUnit.SECONDS))
                        .as("dnsmasq has ended")
                        .isTrue();
            }
            if (fd >= 0) {
                Libc.close(fd);
            }
        } finally {
            if (Files.exists(Path.of("/run/netns", NAMESPACE))) {
                run("ip", "netns", "del", NAMESPACE);
            }
        }
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor())
                .as("%s: %s", String.join(" ", command), output)
                .isZero();
    }

    /** Opens in the namespace, and counts the streams. */
    private static final class Inside implements ChannelOpener {
        private final AtomicInteger streams = new AtomicInteger();

        @Override
        public DatagramChannel openDatagram(ProtocolFamily family) throws IOException {
            return inside(() -> DatagramChannel.open(family));
        }

        @Override
        public SocketChannel openStream(ProtocolFamily family) throws IOException {
            streams.incrementAndGet();
            return inside(() -> SocketChannel.open(family));
        }

        private static <T> T inside(Callable<T> open) throws IOException {
            try {
                return NamespaceThread.call(fd, open);
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }

    private final Inside inside = new Inside();

    private List<String> resolve(ChannelOpener opener, String conf, String name) throws IOException {
        return SystemResolver.of(
                        opener,
                        ResolvConf.parse(conf),
                        Path.of("/nonexistent/hosts"),
                        Deadline.in(Duration.ofSeconds(30)))
                .resolve(name)
                .stream()
                .map(InetAddresses::toAddrString)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.43.0.10", "2001:db8::53"})
    void bothFamiliesAndAliasesOverBothFamilies(String server) throws IOException {
        String conf = "nameserver " + server + "\nsearch test";
        assertThat(resolve(inside, conf, "both.test")).containsExactly("203.0.113.7", "2001:db8::7");
        assertThat(resolve(inside, conf, "four.test")).containsExactly("203.0.113.4");
        assertThat(resolve(inside, conf, "six.test")).containsExactly("2001:db8::6");
        assertThat(resolve(inside, conf, "alias.test")).containsExactly("203.0.113.7", "2001:db8::7");
        assertThat(resolve(inside, conf, "four-alias.test.")).containsExactly("203.0.113.4");
        assertThat(resolve(inside, conf, "none.test")).isEmpty();
        assertThat(inside.streams).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.43.0.10", "2001:db8::53"})
    void aTruncatedAnswerIsHadWholeOverTcp(String server) throws IOException {
        assertThat(resolve(inside, "nameserver " + server, "many.test"))
                .containsExactlyInAnyOrderElementsOf(IntStream.range(100, 160)
                        .mapToObj(i -> "203.0.113." + i)
                        .toList());
        assertThat(inside.streams).hasValue(1);
    }

    @Test
    void theSearchListFindsAShortName() throws IOException {
        assertThat(resolve(inside, "nameserver 10.43.0.10\nsearch none.test test", "four"))
                .containsExactly("203.0.113.4");
        assertThat(resolve(inside, "nameserver 10.43.0.10\nsearch none.test", "four.test"))
                .containsExactly("203.0.113.4");
    }

    @Test
    void theNamespaceIsTheOpenersAndAnAbsentServerIsPassedOver() throws IOException {
        // 127.0.0.1 inside has no server; port 53 there answers with an ICMP error at once.
        assertThat(resolve(inside, "nameserver 127.0.0.1\nnameserver 10.43.0.10\noptions timeout:20", "four.test"))
                .containsExactly("203.0.113.4");
        assertThatThrownBy(() -> resolve(inside, "nameserver 198.51.100.1", "four.test"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("198.51.100.1 can't be reached");
    }
}
