package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.PolicyDiff.LiveFlow;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.SocketType;
import dev.openshell.netns.linux.plan.LiveFlows;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The live flows of sandboxes, as the pod's connection tracking has them. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class LiveFlowsIT {
    private static final int PATIENCE_MILLIS = 5000;

    private final Kernel kernel = new JnaKernel();

    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(20));
    }

    private List<String> flows(int host, NetnsSandbox sandbox) {
        return LiveFlows.of(kernel, host, sandbox.ruleSet(), soon()).stream()
                .map(LiveFlow::toString)
                .toList();
    }

    private void await(int host, NetnsSandbox sandbox, String... expected) {
        Deadline deadline = soon();
        while (!flows(host, sandbox).equals(List.of(expected))) {
            deadline.sleep(Duration.ofMillis(10), "wait for", List.of(expected) + ", not " + flows(host, sandbox));
        }
    }

    private static Socket connect(NetnsSandbox sandbox, InetSocketAddress to) throws Exception {
        Socket socket = sandbox.sockets().socketFactory().createSocket();
        socket.connect(to, PATIENCE_MILLIS);
        return socket;
    }

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(InetAddresses.forString(address), port);
    }

    private static NetnsSandbox sandbox(Setting setting, PodWorld world) {
        return setting.builder(world)
                .proxy(PodWorld.PROXY_PORT)
                .allowDns(PodWorld.DNS)
                .directTcp(PodWorld.LISTED)
                .directTcp("[" + PodWorld.LISTED6 + "]:443")
                .apply();
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void flowsAreSeenWhileTheyLive(Setting setting) throws Exception {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = sandbox(setting, world);
                NetnsSandbox other = sandbox(setting, world)) {
            int host = kernel.openNamespace(Optional.of(world.podPath()));
            try {
                assertThat(flows(host, sandbox)).isEmpty();
                seesFlows(host, sandbox);
                assertThat(flows(host, other)).isEmpty();
            } finally {
                kernel.close(host);
            }
        }
    }

    private void seesFlows(int host, NetnsSandbox sandbox) throws Exception {
        InetSocketAddress end = new InetSocketAddress(sandbox.veth().hostAddress(), PodWorld.PROXY_PORT);
        String udp;
        try (ServerSocket proxy = kernel.openSocket(host, SocketType.SERVER_SOCKET);
                DatagramSocket dns = sandbox.sockets().openDatagramSocket()) {
            proxy.bind(end);
            dns.send(new DatagramPacket(new byte[12], 12, at(PodWorld.DNS, 53)));
            udp = "udp:10.43.0.10:53 from port " + dns.getLocalPort();
            try (Socket proxied = connect(sandbox, end);
                    Socket listed = connect(sandbox, at(PodWorld.LISTED, 443));
                    Socket listed6 = connect(sandbox, at(PodWorld.LISTED6, 443))) {
                String toProxy = "tcp:" + end.getAddress().getHostAddress() + ":3128 from port "
                        + proxied.getLocalPort() + ", ESTABLISHED";
                // The world's listeners end their direction at once.
                await(
                        host,
                        sandbox,
                        toProxy,
                        udp,
                        "tcp:203.0.113.10:443 from port " + listed.getLocalPort() + ", CLOSE_WAIT",
                        "tcp:[2001:db8:2::10]:443 from port " + listed6.getLocalPort() + ", CLOSE_WAIT");
                listed.shutdownOutput();
                listed6.shutdownOutput();
                await(host, sandbox, toProxy, udp);
                // Lingering for no time resets.
                proxied.setSoLinger(true, 0);
            }
            await(host, sandbox, udp);
        }
    }
}
