package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.SocketType;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sockets of the JDK's on a fake kernel. */
@ExtendWith(FakeKernelExtension.class)
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FakeSocketsTest {
    private static final String LISTED = "203.0.113.10";
    private static final String UNLISTED = "203.0.113.11";
    private static final String DNS = "10.43.0.10";
    private static final int PROXY = 3128;

    private static NetnsSandbox sandbox(FakeKernel kernel) {
        kernel.services().tcp(LISTED, 443, FakeSocketsTest::echo);
        kernel.services().tcp(LISTED, 80, FakeSocketsTest::echo);
        kernel.services().tcp(UNLISTED, 443, FakeSocketsTest::echo);
        return NetnsSandbox.builder(kernel)
                .proxy(PROXY)
                .allowDns(DNS)
                .directTcp(LISTED, 443, 444)
                .apply();
    }

    private static void echo(Socket connection) throws IOException {
        connection.getInputStream().transferTo(connection.getOutputStream());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(InetAddresses.forString(address), port);
    }

    private static <T> T onHost(FakeKernel kernel, SocketType<T> type) throws IOException {
        int host = kernel.openNamespace(Optional.empty());
        try {
            return kernel.openSocket(host, type);
        } finally {
            kernel.close(host);
        }
    }

    @Test
    void whatIsListedIsReachedAndNothingElse(FakeKernel kernel) throws Exception {
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            try (Socket socket = sandbox.sockets().socketFactory().createSocket(LISTED, 443)) {
                assertThat(socket.isConnected()).isTrue();
                assertThat(socket.getLocalAddress()).isEqualTo(sandbox.veth().sandboxAddress());
                assertThat(socket.getLocalPort()).isBetween(32768, 60999);
                assertThat(socket.getInetAddress().getHostAddress()).isEqualTo(LISTED);
                assertThat(socket.getPort()).isEqualTo(443);
                socket.getOutputStream().write(bytes("hello"));
                assertThat(socket.getInputStream().readNBytes(5)).isEqualTo(bytes("hello"));
                socket.shutdownOutput();
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
            for (InetSocketAddress refused : List.of(at(UNLISTED, 443), at(LISTED, 80))) {
                try (Socket socket = sandbox.sockets().socketFactory().createSocket()) {
                    assertThatThrownBy(() -> socket.connect(refused, 1000))
                            .isInstanceOf(ConnectException.class)
                            .hasMessage("Connection refused");
                }
            }
            assertThatThrownBy(() -> sandbox.sockets().socketFactory().createSocket("2001:db8:1::11", 443))
                    .isInstanceOf(BindException.class)
                    .hasMessage("Cannot assign requested address");
            // Let through, but nobody listens there.
            assertThatThrownBy(() -> sandbox.sockets().socketFactory().createSocket(LISTED, 444))
                    .isInstanceOf(ConnectException.class)
                    .hasMessage("Connection refused");
        }
        try (Socket socket = onHost(kernel, SocketType.SOCKET)) {
            socket.connect(at(UNLISTED, 443));
            assertThat(socket.isConnected()).isTrue();
        }
    }

    @Test
    void ipv6WorksAsWell(FakeKernel kernel) throws Exception {
        String listed = "2001:db8:1::10";
        kernel.services().tcp(listed, 443, FakeSocketsTest::echo);
        kernel.services().tcp("2001:db8:1::11", 443, FakeSocketsTest::echo);
        try (NetnsSandbox sandbox =
                NetnsSandbox.builder(kernel).directTcp(listed, 443).apply()) {
            try (Socket socket = sandbox.sockets().socketFactory().createSocket(listed, 443)) {
                socket.getOutputStream().write(6);
                assertThat(socket.getInputStream().read()).isEqualTo(6);
                assertThat(sandbox.veth().sandboxAddress(Family.IPV6)).contains(socket.getLocalAddress());
            }
            assertThatThrownBy(() -> sandbox.sockets().socketFactory().createSocket("2001:db8:1::11", 443))
                    .isInstanceOf(SocketException.class);
        }
    }

    @Test
    void silenceIsATimeOutAtOnce(FakeKernel kernel) throws Exception {
        kernel.services().tcp(LISTED, 443, FakeSocketsTest::echo);
        int host = kernel.openNamespace(Optional.empty());
        String drop = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" + "-A OUTPUT -d "
                + UNLISTED + "/32 -j DROP\nCOMMIT\n";
        String none = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
        restore(kernel, host, drop);
        try {
            try (Socket socket = onHost(kernel, SocketType.SOCKET)) {
                assertThatThrownBy(() -> socket.connect(at(UNLISTED, 443), 60_000))
                        .isInstanceOf(SocketTimeoutException.class)
                        .hasMessage("Connect timed out");
            }
            try (Socket socket = onHost(kernel, SocketType.SOCKET)) {
                assertThatThrownBy(() -> socket.connect(at(UNLISTED, 443)))
                        .isInstanceOf(ConnectException.class)
                        .hasMessage("Connection timed out");
            }
            try (Socket socket = onHost(kernel, SocketType.SOCKET)) {
                socket.connect(at(LISTED, 443));
            }
            try (DatagramSocket socket = onHost(kernel, SocketType.DATAGRAM_SOCKET)) {
                assertThatThrownBy(() -> socket.send(new DatagramPacket(new byte[1], 1, at(UNLISTED, 53))))
                        .isInstanceOf(SocketException.class)
                        .hasMessage("Operation not permitted");
                socket.send(new DatagramPacket(new byte[1], 1, at(LISTED, 53)));
            }
        } finally {
            restore(kernel, host, none);
            kernel.close(host);
        }
    }

    private static void restore(FakeKernel kernel, int host, String text) {
        kernel.restore(host, Family.IPV4, IptablesVariant.NFT, text, false, Deadline.in(Duration.ofSeconds(5)));
    }

    @Test
    void withoutARouteTheNetworkIsUnreachable() throws Exception {
        FakeKernel kernel = FakeKernel.builder().noUplink().build();
        try (Socket socket = onHost(kernel, SocketType.SOCKET)) {
            assertThatThrownBy(() -> socket.connect(at(LISTED, 443)))
                    .isInstanceOf(SocketException.class)
                    .hasMessage("Network is unreachable");
        }
        try (ServerSocket server = onHost(kernel, SocketType.SERVER_SOCKET);
                Socket socket = onHost(kernel, SocketType.SOCKET)) {
            server.bind(at("127.0.0.1", 0));
            socket.connect(server.getLocalSocketAddress());
            assertThat(server.accept().getPort()).isEqualTo(socket.getLocalPort());
        }
    }

    @Test
    void theProxyOnTheHostEndIsReachedFromInside(FakeKernel kernel) throws Exception {
        try (NetnsSandbox sandbox = sandbox(kernel);
                ServerSocket server = onHost(kernel, SocketType.SERVER_SOCKET);
                ServerSocket other = onHost(kernel, SocketType.SERVER_SOCKET)) {
            InetAddress host = InetAddresses.forString(sandbox.proxyUri().getHost());
            server.bind(new InetSocketAddress(host, PROXY));
            other.bind(new InetSocketAddress(host, PROXY + 1));
            CompletableFuture<Void> proxy = CompletableFuture.runAsync(() -> {
                try (Socket connection = server.accept()) {
                    assertThat(connection.getInetAddress())
                            .isEqualTo(sandbox.veth().sandboxAddress());
                    connection
                            .getOutputStream()
                            .write(connection.getInputStream().read() + 1);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            try (Socket socket = sandbox.sockets().socketFactory().createSocket(host, PROXY)) {
                socket.getOutputStream().write(41);
                assertThat(socket.getInputStream().read()).isEqualTo(42);
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
            proxy.get();
            assertThatThrownBy(() -> sandbox.sockets().socketFactory().createSocket(host, PROXY + 1))
                    .isInstanceOf(ConnectException.class)
                    .hasMessage("Connection refused");
            other.setSoTimeout(1);
            assertThatThrownBy(other::accept)
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessage("Accept timed out");
        }
    }

    @Test
    void aServiceMayListenOnTheHostEnd(FakeKernel kernel) throws Exception {
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            String host = sandbox.proxyUri().getHost();
            kernel.services()
                    .tcp(host, PROXY, connection -> connection.getOutputStream().write('P'));
            try (Socket socket = sandbox.sockets().socketFactory().createSocket(InetAddresses.forString(host), PROXY)) {
                assertThat(socket.getInputStream().readAllBytes()).isEqualTo(bytes("P"));
            }
        }
    }

    @Test
    void aServiceThatThrowsResets(FakeKernel kernel) throws Exception {
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            kernel.services().tcp(LISTED, 444, connection -> {
                throw new IOException("out of luck");
            });
            try (Socket socket = sandbox.sockets().socketFactory().createSocket(LISTED, 444)) {
                assertThatThrownBy(() -> socket.getInputStream().read())
                        .isInstanceOf(SocketException.class)
                        .hasMessage("Connection reset");
            }
        }
    }

    @Test
    void dnsIsAnsweredWhereItIsAllowed(FakeKernel kernel) throws Exception {
        kernel.services().udp(DNS, 53, query -> Optional.of(bytes("answer to " + query.length)));
        kernel.services().udp("10.43.0.11", 53, query -> Optional.of(bytes("no")));
        try (NetnsSandbox sandbox = sandbox(kernel);
                DatagramSocket socket = sandbox.sockets().openDatagramSocket()) {
            socket.setSoTimeout(20);
            socket.send(new DatagramPacket(new byte[12], 12, at(DNS, 53)));
            DatagramPacket answer = new DatagramPacket(new byte[512], 512);
            socket.receive(answer);
            assertThat(new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8))
                    .isEqualTo("answer to 12");
            assertThat(answer.getSocketAddress()).isEqualTo(at(DNS, 53));

            assertThatThrownBy(() -> socket.send(new DatagramPacket(new byte[12], 12, at("10.43.0.11", 53))))
                    .isInstanceOf(SocketException.class)
                    .hasMessage("Operation not permitted");
            assertThatThrownBy(() -> socket.receive(answer))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessage("Receive timed out");
        }
    }

    @Test
    void aConnectedDatagramSocketHearsThatNobodyListens(FakeKernel kernel) throws Exception {
        try (DatagramSocket client = onHost(kernel, SocketType.DATAGRAM_SOCKET);
                DatagramSocket server = onHost(kernel, SocketType.DATAGRAM_SOCKET)) {
            server.bind(at("127.0.0.1", 5000));
            client.connect(at("127.0.0.1", 5001));
            client.setSoTimeout(20);
            client.send(new DatagramPacket(new byte[1], 1));
            assertThatThrownBy(() -> client.receive(new DatagramPacket(new byte[9], 9)))
                    .isInstanceOf(PortUnreachableException.class);
            client.connect(at("127.0.0.1", 5000));
            client.send(new DatagramPacket(bytes("abc"), 3));
            DatagramPacket packet = new DatagramPacket(new byte[2], 2);
            server.receive(packet);
            assertThat(packet.getData()).isEqualTo(bytes("ab"));
            assertThat(packet.getPort()).isEqualTo(client.getLocalPort());
        }
    }

    @Test
    void portsAndAddressesAreGivenOnce(FakeKernel kernel) throws Exception {
        try (ServerSocket one = onHost(kernel, SocketType.SERVER_SOCKET);
                ServerSocket two = onHost(kernel, SocketType.SERVER_SOCKET)) {
            one.bind(new InetSocketAddress(5000));
            assertThatThrownBy(() -> two.bind(at("127.0.0.1", 5000)))
                    .isInstanceOf(BindException.class)
                    .hasMessageStartingWith("Address already in use");
            assertThatThrownBy(() -> two.bind(at("10.200.77.77", 5001)))
                    .isInstanceOf(BindException.class)
                    .hasMessageStartingWith("Cannot assign requested address");
            two.bind(at("127.0.0.1", 5001));
            assertThat(two.getLocalPort()).isEqualTo(5001);
            assertThat(two.getInetAddress()).isEqualTo(InetAddresses.forString("127.0.0.1"));
        }
        ServerSocket again = onHost(kernel, SocketType.SERVER_SOCKET);
        again.bind(new InetSocketAddress(5000));
        try (Socket queued = onHost(kernel, SocketType.SOCKET)) {
            queued.connect(at("127.0.0.1", 5000));
            again.close();
            assertThatThrownBy(() -> queued.getInputStream().read()).hasMessage("Connection reset");
        }
    }

    @Test
    void readsTimeOutAndOptionsAreKept(FakeKernel kernel) throws Exception {
        try (NetnsSandbox sandbox = sandbox(kernel);
                Socket socket = sandbox.sockets().socketFactory().createSocket(LISTED, 443)) {
            socket.setSoTimeout(1);
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            socket.setSoLinger(true, 3);
            assertThat(socket.getSoTimeout()).isEqualTo(1);
            assertThat(socket.getTcpNoDelay()).isTrue();
            assertThat(socket.getKeepAlive()).isTrue();
            assertThat(socket.getSoLinger()).isEqualTo(3);
            assertThat(socket.getReuseAddress()).isFalse();
            assertThatThrownBy(() -> socket.getInputStream().read())
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessage("Read timed out");
            socket.getOutputStream().write(7);
            socket.setSoTimeout(10_000);
            assertThat(socket.getInputStream().read()).isEqualTo(7);
        }
    }

    @Test
    void aConnectionWhosePeerIsGoneBreaks(FakeKernel kernel) throws Exception {
        try (ServerSocket server = onHost(kernel, SocketType.SERVER_SOCKET);
                Socket client = onHost(kernel, SocketType.SOCKET)) {
            server.bind(at("127.0.0.1", 0));
            client.connect(server.getLocalSocketAddress());
            server.accept().close();
            client.getOutputStream().write(1);
            assertThat(client.getInputStream().read()).isEqualTo(-1);
            assertThatThrownBy(() -> client.getOutputStream().write(1))
                    .isInstanceOf(SocketException.class)
                    .hasMessage("Broken pipe");
        }
    }

    @Test
    void afterCloseSocketsAreDead(FakeKernel kernel) throws Exception {
        List<String> before = kernel.state();
        NetnsSandbox sandbox = sandbox(kernel);
        Socket reading = sandbox.sockets().socketFactory().createSocket(LISTED, 443);
        Socket writing = sandbox.sockets().socketFactory().createSocket(LISTED, 443);
        Socket idle = sandbox.sockets().socketFactory().createSocket();
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Integer> read = CompletableFuture.supplyAsync(() -> {
            try (InputStream in = reading.getInputStream()) {
                begun.countDown();
                return in.read();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        writing.getOutputStream().write(1);
        assertThat(writing.getInputStream().read()).isEqualTo(1);
        begun.await();
        sandbox.close();
        assertThatThrownBy(read::get).hasRootCauseInstanceOf(SocketException.class);
        assertThatThrownBy(() -> writing.getOutputStream().write(1)).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> writing.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> idle.connect(at(LISTED, 443)))
                .isInstanceOf(SocketException.class)
                .hasMessage("Connection timed out");
        assertThat(kernel.state()).isNotEqualTo(before);
        writing.close();
        reading.close();
        idle.close();
        assertThat(kernel.state()).isEqualTo(before);
    }

    @Test
    void channelsAreNotAvailable(FakeKernel kernel) throws Exception {
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            assertThatThrownBy(() -> sandbox.sockets().openSocketChannel())
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("SocketChannel is not available on the fake")
                    .hasMessageContaining("socketFactory()");
        }
    }

    @Test
    void aProgramHasSocketsToo(FakeKernel kernel) throws Exception {
        kernel.programs().add("client", context -> {
            try (Socket socket = context.socket()) {
                socket.connect(at(context.command().get(1), 443));
                socket.getOutputStream().write(bytes("hi"));
                context.stdout().write(socket.getInputStream().readNBytes(2));
            }
            return 0;
        });
        kernel.programs().add("reader", context -> {
            Socket socket = context.socket();
            socket.connect(at(LISTED, 443));
            context.stdout().println("connected");
            return socket.getInputStream().read();
        });
        List<String> before = kernel.state();
        NetnsSandbox sandbox = sandbox(kernel);
        Process allowed = sandbox.start(new ProcessBuilder("client", LISTED));
        assertThat(allowed.getInputStream().readAllBytes()).isEqualTo(bytes("hi"));
        Process refused = sandbox.start(new ProcessBuilder("client", UNLISTED));
        assertThat(refused.waitFor()).isEqualTo(1);
        assertThat(new String(refused.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("java.net.ConnectException: Connection refused");
        Process reader = sandbox.start(new ProcessBuilder("reader"));
        assertThat(reader.getInputStream().readNBytes(9)).isEqualTo(bytes("connected"));
        sandbox.close();
        assertThat(reader.waitFor()).isEqualTo(143);
        assertThat(kernel.state()).isEqualTo(before);
    }

    @Test
    void theSocketsOfAProcessGoWithIt(FakeKernel kernel) throws Exception {
        FakeKernel other = kernel.otherProcess();
        ServerSocket server = onHost(other, SocketType.SERVER_SOCKET);
        server.bind(at("127.0.0.1", 5000));
        Socket socket = onHost(kernel, SocketType.SOCKET);
        socket.connect(at("127.0.0.1", 5000));
        socket.close();
        other.die();
        assertThatThrownBy(server::accept).isInstanceOf(SocketException.class);
        try (Socket late = onHost(kernel, SocketType.SOCKET)) {
            assertThatThrownBy(() -> late.connect(at("127.0.0.1", 5000))).hasMessage("Connection refused");
        }
    }
}
