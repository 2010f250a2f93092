package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.PolicyDiff.LiveFlow;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.SocketType;
import dev.openshell.netns.linux.netlink.Ctnetlink;
import dev.openshell.netns.linux.plan.LiveFlows;
import java.io.IOException;
import java.lang.reflect.Proxy;
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
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The live flows of sandboxes on a fake kernel. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LiveFlowsTest {
    private static final String LISTED = "203.0.113.10";
    private static final String LISTED6 = "2001:db8::10";
    private static final String DNS = "10.43.0.10";
    private static final int NLM_F_DUMP_INTR = 0x10;

    private final FakeKernel kernel = FakeKernel.create();
    private final int host = kernel.openNamespace(Optional.empty());
    private NetnsSandbox sandbox;

    @BeforeEach
    void apply() {
        kernel.services().tcp(LISTED, 443, LiveFlowsTest::echo);
        kernel.services().tcp(LISTED6, 443, LiveFlowsTest::echo);
        sandbox = another();
    }

    @AfterEach
    void close() {
        sandbox.close();
    }

    private NetnsSandbox another() {
        return NetnsSandbox.builder(kernel)
                .proxy(3128)
                .allowDns(DNS)
                .directTcp(LISTED)
                .directTcp("[" + LISTED6 + "]:443")
                .apply();
    }

    private static void echo(Socket connection) throws IOException {
        connection.getInputStream().transferTo(connection.getOutputStream());
    }

    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(20));
    }

    private List<String> flows() {
        return LiveFlows.of(kernel, host, sandbox.ruleSet(), soon()).stream()
                .map(LiveFlow::toString)
                .toList();
    }

    private static Socket connect(NetnsSandbox from, String address, int port) throws IOException {
        return from.sockets().socketFactory().createSocket(address, port);
    }

    @Test
    void aSandboxWithoutTrafficHasNone() {
        assertThat(flows()).isEmpty();
    }

    @Test
    void anOpenConnectionIsOneUntilItIsOver() throws Exception {
        try (Socket socket = connect(sandbox, LISTED, 443)) {
            int port = socket.getLocalPort();
            assertThat(flows()).containsExactly("tcp:203.0.113.10:443 from port " + port + ", ESTABLISHED");
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            awaitNone();
        }
        assertThat(kernel.machine().stack(kernel.machine().host()).conntrack().flows())
                .as("TIME_WAIT")
                .hasSize(1);
    }

    /** The service closes on a thread of its own. */
    private void awaitNone() {
        Deadline deadline = soon();
        while (!flows().isEmpty()) {
            deadline.sleep(Duration.ofMillis(1), "wait for the end of", flows().toString());
        }
    }

    @Test
    void aResetConnectionIsNone() throws Exception {
        kernel.services().tcp(LISTED, 443, connection -> {
            connection.getInputStream().read();
            throw new IOException("no more");
        });
        try (Socket socket = connect(sandbox, LISTED, 443)) {
            assertThat(flows()).hasSize(1);
            socket.getOutputStream().write(1);
            awaitNone();
        }
    }

    @Test
    void allKindsOfRulesAreFoundInTheOrderOfTheRules() throws Exception {
        try (Socket listed = connect(sandbox, LISTED, 443);
                Socket again = connect(sandbox, LISTED, 443);
                Socket listed6 = connect(sandbox, LISTED6, 443);
                ServerSocket proxy = kernel.openSocket(host, SocketType.SERVER_SOCKET);
                Socket proxied = sandbox.sockets().socketFactory().createSocket();
                DatagramSocket dns = sandbox.sockets().openDatagramSocket()) {
            InetSocketAddress end = new InetSocketAddress(sandbox.veth().hostAddress(), 3128);
            proxy.bind(end);
            proxied.connect(end);
            dns.send(new DatagramPacket(new byte[1], 1, InetAddresses.forString(DNS), 53));
            int lower = Math.min(listed.getLocalPort(), again.getLocalPort());
            int upper = Math.max(listed.getLocalPort(), again.getLocalPort());
            assertThat(flows())
                    .containsExactly(
                            "tcp:" + end.getAddress().getHostAddress() + ":3128 from port " + proxied.getLocalPort()
                                    + ", ESTABLISHED",
                            "udp:10.43.0.10:53 from port " + dns.getLocalPort(),
                            "tcp:203.0.113.10:443 from port " + lower + ", ESTABLISHED",
                            "tcp:203.0.113.10:443 from port " + upper + ", ESTABLISHED",
                            "tcp:[2001:db8::10]:443 from port " + listed6.getLocalPort() + ", ESTABLISHED");
        }
    }

    @Test
    void flowsOfOthersAreNotItsOwn() throws Exception {
        try (NetnsSandbox other = another();
                Socket theirs = connect(other, LISTED, 443)) {
            kernel.send(Packet.tcp("198.51.100.2", 40000, LISTED, 443));
            assertThat(flows()).isEmpty();
            assertThat(LiveFlows.of(kernel, host, other.ruleSet(), soon()))
                    .extracting(LiveFlow::sourcePort)
                    .containsExactly(theirs.getLocalPort());
        }
    }

    /** Each rule beside the flow differs from it in one thing. */
    @Test
    void aFlowThatNoRuleAllowsIsNone() throws Exception {
        InetAddress listed = InetAddresses.forString(LISTED);
        InetAddress next = InetAddresses.forString("203.0.113.11");
        List<Rule> beside = List.of(
                Rule.of(Rule.Kind.DIRECT, Protocol.TCP, listed, 444, "port"),
                Rule.of(Rule.Kind.DIRECT, Protocol.TCP, next, 443, "address"),
                Rule.of(Rule.Kind.DNS, Protocol.UDP, listed, 443, "protocol"));
        try (Socket socket = connect(sandbox, LISTED, 443)) {
            assertThat(socket.isConnected()).isTrue();
            assertThat(flows()).hasSize(1);
            assertThat(LiveFlows.of(kernel, host, RuleSet.of(sandbox.veth(), beside), soon()))
                    .isEmpty();
        }
    }

    @Test
    void anAnswerThatIsCutIsSaid() throws Exception {
        try (Socket socket = connect(sandbox, LISTED, 443)) {
            assertThat(socket.isConnected()).isTrue();
            byte[] request = Ctnetlink.dumpFlows(Family.IPV4).toBytes();
            int whole = kernel.netfilter(host, request).length;
            for (int bytes = 0; bytes < whole; bytes++) {
                kernel.script(new Fault.CutFlows(1, bytes));
                assertThatThrownBy(this::flows)
                        .isInstanceOf(NetnsException.class)
                        .hasMessageStartingWith("ctnetlink IPCTNL_MSG_CT_GET all ipv4 flows: answer of the kernel");
            }
        } finally {
            kernel.script();
        }
    }

    @Test
    void aRefusalIsSaid() {
        kernel.script(new Fault.ErrnoAlways(KernelCall.NETFILTER, Errno.EPERM));
        assertThatThrownBy(this::flows)
                .isInstanceOfSatisfying(
                        NetnsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM))
                .hasMessageContaining("EPERM");
        kernel.script();
        // A kernel without ctnetlink refuses within its answer.
        Kernel without = changed((answer, call) -> ByteBuffer.allocate(36)
                .order(ByteOrder.nativeOrder())
                .putInt(36)
                .putShort((short) 2)
                .putShort((short) 0)
                .putInt(1)
                .putInt(0)
                .putInt(-Errno.EINVAL)
                .array());
        assertThatThrownBy(() -> LiveFlows.of(without, host, sandbox.ruleSet(), soon()))
                .isInstanceOfSatisfying(
                        NetnsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .hasMessageContaining("nf_conntrack_netlink");
    }

    private interface Change {
        byte[] of(byte[] answer, int call);
    }

    /** Returns the kernel with other answers to the dumps, which are counted from 1. */
    private Kernel changed(Change change) {
        int[] calls = {0};
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    Object result = method.invoke(kernel, arguments);
                    return method.getName().equals("netfilter") ? change.of((byte[]) result, ++calls[0]) : result;
                });
    }

    private static byte[] interrupted(byte[] answer) {
        ByteBuffer bytes = ByteBuffer.wrap(answer).order(ByteOrder.nativeOrder());
        return bytes.putShort(6, (short) (bytes.getShort(6) | NLM_F_DUMP_INTR)).array();
    }

    @Test
    void aTableThatChangedMeanwhileIsReadAgain() throws Exception {
        try (Socket socket = connect(sandbox, LISTED, 443)) {
            Kernel restless = changed((answer, call) -> call < 4 ? interrupted(answer) : answer);
            assertThat(LiveFlows.of(restless, host, sandbox.ruleSet(), soon()))
                    .extracting(LiveFlow::sourcePort)
                    .containsExactly(socket.getLocalPort());
        }
        Kernel never = changed((answer, call) -> interrupted(answer));
        assertThatThrownBy(() -> LiveFlows.of(never, host, sandbox.ruleSet(), Deadline.in(Duration.ofMillis(50))))
                .isInstanceOf(NetnsException.class)
                .hasMessageContaining("not done within");
    }
}
