package dev.openshell.netns.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.openshell.netns.NetnsSandbox;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The README's example, word for word. */
@ExtendWith(FakeKernelExtension.class)
class ReadmeExampleTest {
    @Test
    void theAgentReachesItsApiAndNothingElse(FakeKernel kernel) throws Exception {
        kernel.services().tcp("203.0.113.10", 443, connection -> connection
                .getOutputStream()
                .write('!'));
        kernel.programs().add("agent", context -> {
            try (Socket api = context.socket();
                    Socket other = context.socket()) {
                api.connect(new InetSocketAddress("203.0.113.10", 443));
                assertThrows(ConnectException.class, () -> other.connect(new InetSocketAddress("203.0.113.11", 443)));
                return api.getInputStream().read();
            }
        });
        try (NetnsSandbox sandbox =
                NetnsSandbox.builder(kernel).directTcp("203.0.113.10").apply()) {
            assertEquals('!', sandbox.start(new ProcessBuilder("agent")).waitFor());

            String own = sandbox.veth().sandboxAddress().getHostAddress();
            Trace trace = sandbox.call(() -> kernel.send(Packet.udp(own, 5000, "203.0.113.10", 53)));
            assertEquals(Trace.Verdict.REJECT, trace.verdict());
            assertEquals(
                    "-A OUTPUT -j REJECT --reject-with icmp-port-unreachable",
                    trace.rules().get(0));
        }
    }
}
