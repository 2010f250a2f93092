package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.SocketType;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Ctnetlink;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.netlink.TcpState;
import dev.openshell.netns.linux.netlink.TrackedFlow;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of {@link KernelContract} that is about tracked flows, and the namespace that each of its tests begins with. */
abstract class FlowContract {
    static final int EINVAL = 22;
    private static final int PATIENCE_MILLIS = 5000;

    /** Linux tracks flows only where a rule asks about them. */
    private static final String TRACKING = "*filter\n-A OUTPUT -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n";

    Kernel kernel;
    int namespace;

    /** Returns the kernel under test. */
    protected abstract Kernel kernel();

    /** Returns the variant of iptables under test. */
    protected abstract IptablesVariant variant();

    @BeforeEach
    void create() {
        kernel = kernel();
        namespace = kernel.createNamespace();
    }

    @AfterEach
    void close() {
        kernel.close(namespace);
    }

    static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(20));
    }

    private Answers ask(Request request, byte[] bytes) {
        return Answers.parse(request, kernel.netfilter(namespace, bytes));
    }

    private List<TrackedFlow> flows(Family family) {
        Request request = Ctnetlink.dumpFlows(family);
        Answers answers = ask(request, request.toBytes());
        assertThat(answers.failures()).isEmpty();
        return answers.flows();
    }

    private InetAddress loopback(Family family) {
        Request up = Rtnetlink.setUp(1, "lo", true);
        assertThat(Answers.parse(up, kernel.netlink(namespace, up.toBytes())).failures())
                .isEmpty();
        kernel.restore(namespace, family, variant(), TRACKING, true, soon());
        return InetAddresses.forString(family == Family.IPV4 ? "127.0.0.1" : "::1");
    }

    private TrackedFlow only(Family family, int port) {
        return flows(family).stream()
                .filter(flow -> flow.destinationPort() == port)
                .reduce((one, other) -> {
                    throw new AssertionError("two flows to port " + port + ": " + one + ", " + other);
                })
                .orElseThrow(() -> new AssertionError("no flow to port " + port));
    }

    @ParameterizedTest
    @EnumSource
    void aNewNamespaceTracksNoFlow(Family family) {
        assertThat(flows(family)).isEmpty();
        loopback(family);
        assertThat(flows(family)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aDatagramMakesAFlowAndAnAnswerIsSeen(Family family) throws Exception {
        InetAddress loopback = loopback(family);
        try (DatagramSocket client = kernel.openSocket(namespace, SocketType.DATAGRAM_SOCKET);
                DatagramSocket server = kernel.openSocket(namespace, SocketType.DATAGRAM_SOCKET)) {
            client.bind(new InetSocketAddress(loopback, 0));
            server.bind(new InetSocketAddress(loopback, 0));
            int port = server.getLocalPort();
            client.send(new DatagramPacket(new byte[1], 1, loopback, port));
            TrackedFlow asked = only(family, port);
            assertThat(asked.source()).isEqualTo(loopback);
            assertThat(asked.destination()).isEqualTo(loopback);
            assertThat(asked.protocol()).isEqualTo(17);
            assertThat(asked.sourcePort()).isEqualTo(client.getLocalPort());
            assertThat(asked.tcpState()).isEmpty();
            assertThat(asked.status() & TrackedFlow.IPS_CONFIRMED).isNotZero();
            assertThat(asked.status() & TrackedFlow.IPS_SEEN_REPLY).isZero();
            server.send(new DatagramPacket(new byte[1], 1, loopback, client.getLocalPort()));
            assertThat(only(family, port).status() & TrackedFlow.IPS_SEEN_REPLY).isNotZero();
            Family other = family == Family.IPV4 ? Family.IPV6 : Family.IPV4;
            assertThat(flows(other)).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionHasAStateUntilItIsOver(Family family) throws Exception {
        InetAddress loopback = loopback(family);
        try (ServerSocket server = kernel.openSocket(namespace, SocketType.SERVER_SOCKET);
                Socket client = kernel.openSocket(namespace, SocketType.SOCKET)) {
            server.bind(new InetSocketAddress(loopback, 0));
            server.setSoTimeout(PATIENCE_MILLIS);
            int port = server.getLocalPort();
            client.connect(new InetSocketAddress(loopback, port), PATIENCE_MILLIS);
            try (Socket accepted = server.accept()) {
                TrackedFlow open = only(family, port);
                assertThat(open.protocol()).isEqualTo(6);
                assertThat(open.sourcePort()).isEqualTo(client.getLocalPort());
                assertThat(open.tcpState()).contains(TcpState.ESTABLISHED);
                assertThat(open.status() & TrackedFlow.IPS_ASSURED).isNotZero();
                accepted.shutdownOutput();
                awaitState(family, port, TcpState.CLOSE_WAIT);
                client.shutdownOutput();
                awaitState(family, port, TcpState.TIME_WAIT);
            }
        }
    }

    private void awaitState(Family family, int port, TcpState state) {
        Deadline deadline = soon();
        while (!only(family, port).tcpState().filter(state::equals).isPresent()) {
            deadline.sleep(Duration.ofMillis(5), "wait for", state + ", not " + only(family, port));
        }
    }

    /** Of subsystem 0 and of ones that no kernel has, a message that ctnetlink has not, one flow without its tuple. */
    @ParameterizedTest
    @ValueSource(ints = {0x0014, 0x0d00, 0x7f00, 0x0108, 0x01ff, 0x0101})
    void whatNobodyKnowsIsRefused(int type) {
        Request request = Ctnetlink.dumpFlows(Family.IPV4);
        byte[] bytes = request.toBytes();
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.nativeOrder())
                .putShort(4, (short) type)
                .putShort(6, (short) 1);
        assertThat(ask(request, bytes).failures())
                .extracting(Answers.Failure::errno)
                .containsExactly(EINVAL);
    }

    @Test
    void namespacesTrackFlowsApart() throws Exception {
        InetAddress loopback = loopback(Family.IPV4);
        try (DatagramSocket client = kernel.openSocket(namespace, SocketType.DATAGRAM_SOCKET)) {
            client.bind(new InetSocketAddress(loopback, 0));
            client.send(new DatagramPacket(new byte[1], 1, loopback, client.getLocalPort()));
            assertThat(flows(Family.IPV4)).hasSize(1);
            int other = kernel.createNamespace();
            try {
                Request request = Ctnetlink.dumpFlows(Family.IPV4);
                assertThat(Answers.parse(request, kernel.netfilter(other, request.toBytes()))
                                .flows())
                        .isEmpty();
            } finally {
                kernel.close(other);
            }
        }
    }
}
