package dev.openshell.netns.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.AddressKind;
import dev.openshell.netns.DirectHost;
import dev.openshell.netns.DnsServer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link DirectHost#parse} and {@link DnsServer#of(String)}: nothing but safe tokens gets through either. */
public final class HostFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(HostFuzzTest.class, HostFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        String text = Input.text(input);
        host(text);
        nameserver(text);
    }

    private static void host(String text) {
        DirectHost host;
        try {
            host = DirectHost.parse(text);
        } catch (IllegalArgumentException e) {
            Input.refusal(e, IllegalArgumentException.class);
            return;
        }
        assertThat(DirectHost.parse(host.toString())).isEqualTo(host);
        assertThat(DirectHost.of(host.host(), host.ports().first())).isEqualTo(host);
        assertThat(host.host()).matches("[0-9a-z_.:-]+");
        assertThat(host.origin(host.ports().first())).isEqualTo(host.origin());
        host.literal().ifPresent(address -> assertThat(AddressKind.of(address).listable())
                .isTrue());
    }

    private static void nameserver(String text) {
        DnsServer server;
        try {
            server = DnsServer.of(text);
        } catch (IllegalArgumentException e) {
            Input.refusal(e, IllegalArgumentException.class);
            return;
        }
        assertThat(DnsServer.of(InetAddresses.toAddrString(server.address()))).isEqualTo(server);
        assertThat(AddressKind.of(server.address()).listable()).isTrue();
    }
}
