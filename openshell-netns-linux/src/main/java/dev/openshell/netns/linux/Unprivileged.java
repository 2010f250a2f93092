package dev.openshell.netns.linux;

import dev.openshell.netns.HostResolver;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.resolve.ChannelOpener;
import dev.openshell.netns.linux.resolve.ResolvConf;
import dev.openshell.netns.linux.resolve.SystemResolver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.channels.DatagramChannel;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** The JVM's own namespace, as whoever may look at it without privilege and on any operating system. */
final class Unprivileged implements Sources.Viewpoint {
    private static final int ANY_PORT = 9;

    private final Path hosts;

    Unprivileged(Path hosts) {
        this.hosts = hosts;
    }

    @Override
    public <T> T look(SandboxPolicy policy, Sources.Body<T> body) {
        Deadline deadline = Deadline.in(policy.timeout());
        ResolvConf conf = LinuxProvider.readResolvConf(policy);
        HostResolver names =
                policy.resolver().orElseGet(() -> SystemResolver.of(ChannelOpener.direct(), conf, hosts, deadline));
        Set<InetAddress> own = ownAddresses();
        return body.with(new Sources(names, conf, () -> own, own::contains, Unprivileged::routed), deadline);
    }

    private static Set<InetAddress> ownAddresses() {
        Set<InetAddress> own = new HashSet<>();
        try {
            NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .forEach(address -> own.add(withoutZone(address)));
        } catch (IOException e) {
            throw new NetnsException("read the interfaces", "this host", 0, e.toString(), "see the cause", e);
        }
        return own;
    }

    private static InetAddress withoutZone(InetAddress address) {
        try {
            return InetAddress.getByAddress(address.getAddress());
        } catch (IOException e) {
            throw new IllegalStateException("an interface's address is one", e);
        }
    }

    /** Connecting a UDP socket sends nothing and fails where there is no route. */
    private static boolean routed(InetAddress destination) {
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.connect(new InetSocketAddress(destination, ANY_PORT));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
