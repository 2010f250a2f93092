package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxSockets;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Descriptors opened inside, used outside. */
@Tag("real-kernel")
class SocketsIT {
    private static final int PATIENCE_MILLIS = 3000;
    private final PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN);
    private NetnsSandbox sandbox;

    private NetnsSandbox.Builder builder() {
        return NetnsSandbox.builder()
                .hostNamespace(world.podPath())
                .resolvConf(world.resolvConf())
                .proxy(PodWorld.PROXY_PORT)
                .allowDns(PodWorld.DNS)
                .directTcp("db.internal", 5432)
                .directTcp("wss-primary.slack.example");
    }

    @BeforeEach
    void apply() {
        sandbox = builder().apply();
    }

    @AfterEach
    void close() {
        try {
            sandbox.close();
        } finally {
            world.close();
        }
    }

    private static String line(Socket socket) throws IOException {
        socket.setSoTimeout(PATIENCE_MILLIS);
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
    }

    private static long inodeOfThread() throws IOException {
        return (Long) Files.getAttribute(Path.of("/proc/thread-self/ns/net"), "unix:ino");
    }

    @Test
    void callRunsInsideAndItsCallerStaysOutside() throws Exception {
        long outside = inodeOfThread();
        assertThat(sandbox.<Long>call(SocketsIT::inodeOfThread))
                .isEqualTo(sandbox.namespace().inode())
                .isNotEqualTo(outside);
        assertThat(inodeOfThread()).isEqualTo(outside);
        assertThatThrownBy(() -> sandbox.call(() -> {
                    throw new IOException("the body's own");
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("the body's own");
        assertThat(JvmState.now().foreignTasks()).isEmpty();
    }

    @Test
    void aThreadLeftInsideIsReported() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        Thread[] left = new Thread[1];
        assertThatThrownBy(() -> sandbox.call(() -> {
                    left[0] = new Thread(() -> {
                        try {
                            end.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    });
                    left[0].start();
                    return left[0];
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("start no threads");
        end.countDown();
        left[0].join();
    }

    @Test
    void tcpReachesWhatIsListedAndNothingElse() throws Exception {
        SandboxSockets sockets = sandbox.sockets();
        try (Socket listed = sockets.socketFactory().createSocket("db.internal", 5432)) {
            assertThat(line(listed)).contains("203.0.113.12").contains("5432").contains(PodWorld.POD);
        }
        try (SocketChannel channel = sockets.openSocketChannel()) {
            assertThat(channel.connect(new InetSocketAddress(InetAddresses.forString(PodWorld.LISTED), 443)))
                    .isTrue();
        }
        assertThatThrownBy(() -> sockets.socketFactory().createSocket("wss-primary.slack.example", 80))
                .isInstanceOf(ConnectException.class);
        assertThatThrownBy(() -> sockets.socketFactory().createSocket("unlisted.example", 443))
                .isInstanceOf(UnknownHostException.class);
        InetAddress unlisted = InetAddresses.forString(PodWorld.UNLISTED);
        assertThatThrownBy(() -> sockets.socketFactory().createSocket(unlisted, 443))
                .isInstanceOf(ConnectException.class);
    }

    @Test
    void udpReachesTheResolverAndNothingElse() throws Exception {
        try (DatagramChannel channel = sandbox.sockets().openDatagramChannel()) {
            channel.socket().setSoTimeout(PATIENCE_MILLIS);
            channel.connect(new InetSocketAddress(InetAddresses.forString(PodWorld.DNS), 53));
            // A query for the root's NS records, RFC 1035 4.1.
            byte[] query = {7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1};
            channel.write(ByteBuffer.wrap(query));
            ByteBuffer answer = ByteBuffer.allocate(512);
            channel.read(answer);
            assertThat(answer.get(0)).isEqualTo((byte) 7);
        }
        try (DatagramChannel channel = sandbox.sockets().openDatagramChannel()) {
            channel.connect(new InetSocketAddress(InetAddresses.forString(PodWorld.LISTED), 443));
            assertThatThrownBy(() -> {
                        channel.write(ByteBuffer.wrap(new byte[] {1}));
                        channel.write(ByteBuffer.wrap(new byte[] {1}));
                    })
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void aServerInsideIsReachedFromInsideOnly() throws Exception {
        InetAddress loopback = InetAddresses.forString("127.0.0.1");
        try (ServerSocket server = sandbox.sockets().serverSocketFactory().createServerSocket(7000);
                ServerSocketChannel channel = sandbox.sockets().openServerSocketChannel();
                Socket client = sandbox.sockets().socketFactory().createSocket(loopback, 7000)) {
            channel.bind(new InetSocketAddress(loopback, 7001));
            assertThat(client.isConnected()).isTrue();
            server.accept().close();
            assertThatThrownBy(() -> new Socket(loopback, 7000).close()).isInstanceOf(ConnectException.class);
            String inside = sandbox.veth().sandboxAddress().getHostAddress();
            assertThat(Probes.at(world, world::feedInPod)
                            .one("tcp " + inside + " 7000")
                            .ok())
                    .isFalse();
        }
    }

    @Test
    void theProxyIsReachedAtItsUriOnTheHostEnd() throws Exception {
        String host = sandbox.proxyUri().getHost();
        try (Listeners proxy = world.listenInPod("tcp", host, PodWorld.PROXY_PORT);
                Listeners other = world.listenInPod("tcp", host, 9999)) {
            InetAddress address = InetAddresses.forString(host);
            try (Socket socket = sandbox.sockets().socketFactory().createSocket(address, PodWorld.PROXY_PORT)) {
                assertThat(line(socket)).contains(host);
            }
            assertThatThrownBy(() -> sandbox.sockets().socketFactory().createSocket(address, 9999))
                    .isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void afterCloseASocketIsDeadAndPinsTheLinkUntilItIsClosed() throws Exception {
        String link = sandbox.veth().hostInterface();
        Socket socket = sandbox.sockets().socketFactory().createSocket("db.internal", 5432);
        DatagramChannel datagram = sandbox.sockets().openDatagramChannel();
        InetSocketAddress resolver = new InetSocketAddress(InetAddresses.forString(PodWorld.DNS), 53);
        world.capture().take();
        datagram.send(ByteBuffer.wrap(new byte[] {1}), resolver);
        assertThat(world.capture().takeFlows()).anyMatch(flow -> flow.contains(PodWorld.DNS));
        sandbox.close();
        world.capture().take();
        datagram.send(ByteBuffer.wrap(new byte[] {1}), resolver);
        socket.getOutputStream().write(1);
        assertThat(world.capture().take()).isEmpty();
        assertThat(world.snapshot().toString()).contains(link);
        socket.close();
        datagram.close();
        assertThat(world.inPod("iptables-nft-save").output()).doesNotContain(link);
        long end = System.nanoTime() + 10_000_000_000L;
        while (world.snapshot().toString().contains(link) && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(world.snapshot().toString()).doesNotContain(link);
    }

    @Test
    void aStartThatCannotGoOnDoesNotHoldUpClose(@TempDir Path directory) throws Exception {
        Path fifo = directory.resolve("fifo");
        Shell.must("mkfifo", fifo.toString());
        // Opening a FIFO to write waits for a reader.
        FutureTask<Process> start =
                new FutureTask<>(() -> sandbox.start(new ProcessBuilder("true").redirectOutput(fifo.toFile())));
        Thread starter = new Thread(start);
        starter.start();
        while (!Arrays.toString(starter.getStackTrace()).contains("Libc.open")) {
            Thread.onSpinWait();
        }
        sandbox.close();
        assertThat(start.isDone()).isFalse();
        try (InputStream reader = Files.newInputStream(fifo)) {
            assertThatThrownBy(start::get).hasCauseInstanceOf(IllegalStateException.class);
            assertThat(reader.read()).isEqualTo(-1);
        }
    }

    /** A connection that its process leaves open is given up by the kernel at once, not after two minutes. */
    @Test
    void aProcessesOpenConnectionDoesNotHoldTheLinkForLong() throws Exception {
        String link = sandbox.veth().hostInterface();
        String connect = "import socket, time\n"
                + "s = socket.create_connection(('203.0.113.12', 5432)); s.recv(200); print('up', flush=True); time.sleep(1000)";
        Process process = sandbox.start(new ProcessBuilder(PodWorld.python(), "-c", connect));
        assertThat(process.getInputStream().read()).isEqualTo('u');
        PodState open = world.snapshot();
        assertThat(open.toString()).contains(link);
        sandbox.close();
        long end = System.nanoTime() + 10_000_000_000L;
        while (world.snapshot().toString().contains(link) && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(world.snapshot().toString()).doesNotContain(link);
    }

    @Test
    void afterCloseEveryCallIsAnIllegalState() {
        SandboxSockets sockets = sandbox.sockets();
        sandbox.close();
        sandbox.close();
        assertThatThrownBy(sandbox::namespace).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(sandbox::veth).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(sandbox::ruleSet).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(sandbox::landlock).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(sandbox::proxyUri).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(sandbox::sockets).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> sandbox.call(() -> 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> sandbox.start(new ProcessBuilder("true"))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(sockets::openSocketChannel).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> sockets.socketFactory().createSocket()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void worksFromAVirtualThreadWhereThereAreSome() throws Exception {
        long outside = inodeOfThread();
        Callable<String> all = () -> {
            try (NetnsSandbox own = builder().apply();
                    Socket socket = own.sockets().socketFactory().createSocket("db.internal", 5432)) {
                assertThat(own.<Long>call(SocketsIT::inodeOfThread))
                        .isEqualTo(own.namespace().inode());
                Process process = own.start(new ProcessBuilder("cat").redirectErrorStream(true));
                assertThat(Shell.finish(process, "through").output()).isEqualTo("through");
                return line(socket);
            }
        };
        assertThat(onVirtualThread(all)).contains("5432");
        assertThat(inodeOfThread()).isEqualTo(outside);
        assertThat(JvmState.now().foreignTasks()).isEmpty();
    }

    /** Runs {@code body} on a virtual thread from JDK 21 on, on a thread of its own before. */
    private static <T> T onVirtualThread(Callable<T> body) throws Exception {
        FutureTask<T> task = new FutureTask<>(body);
        if (Runtime.version().feature() >= 21) {
            Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
            start.invoke(null, task);
        } else {
            new Thread(task).start();
        }
        return task.get();
    }
}
