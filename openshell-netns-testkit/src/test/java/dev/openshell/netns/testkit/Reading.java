package dev.openshell.netns.testkit;

import dev.openshell.netns.DirectHost;
import dev.openshell.netns.HostResolver;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.util.List;

/** What a policy says, read directly: nothing of the compiler is used. */
record Reading(SandboxPolicy policy, HostResolver names, VethPair veth) {
    /** Whether a flow that begins like this may leave the sandbox. */
    boolean allows(Ip source, Ip destination, int protocol, int port) {
        boolean own = veth.sandboxAddress(source.family())
                .map(Ip::of)
                .filter(source::equals)
                .isPresent();
        boolean tcp = protocol == Header.TCP;
        boolean dns = (tcp || protocol == Header.UDP) && port == 53;
        return own
                && (tcp
                                && policy.proxyPort().orElse(-1) == port
                                && Ip.of(veth.hostAddress()).equals(destination)
                        || dns
                                && policy.dnsServers().stream().anyMatch(server -> Ip.of(server.address())
                                        .equals(destination))
                        || tcp && policy.directHosts().stream().anyMatch(host -> lists(host, destination, port)));
    }

    private boolean lists(DirectHost host, Ip destination, int port) {
        return host.ports().contains(port)
                && addresses(host).stream().anyMatch(address -> Ip.of(address).equals(destination));
    }

    List<InetAddress> addresses(DirectHost host) {
        try {
            return host.literal().isPresent() ? List.of(host.literal().get()) : names.resolve(host.host());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
