package dev.openshell.netns.linux.demo;

import com.google.common.net.InetAddresses;
import com.sun.jna.LastErrorException;
import dev.openshell.netns.HostResolver;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.resolve.ChannelOpener;
import dev.openshell.netns.linux.resolve.ResolvConf;
import dev.openshell.netns.linux.resolve.SystemResolver;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The main job shown whole, with real packets on the real kernel, none of which leaves the namespaces it makes. */
public final class Demo {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Path NO_HOSTS = Path.of("/dev/null");
    private static final String STEP = "demo";
    private static final String OBJECT = "its own world";

    private Demo() {}

    /**
     * Builds a pod and an uplink, tries the same probes from a namespace with OpenShell's rules and from a sandbox, and
     * removes everything.
     *
     * @throws NetnsException when something could not be made or removed: not Linux, no privilege, no iptables
     */
    public static Report run(Kernel kernel) {
        try {
            kernel.preflight();
            try (World world = World.open(kernel)) {
                return measure(world);
            }
        } catch (NetnsException e) {
            throw e;
        } catch (KernelException e) {
            throw new NetnsException(STEP, OBJECT, e.errno(), String.valueOf(e.getMessage()), e.remedy(), e);
        } catch (LastErrorException e) {
            int errno = e.getErrorCode();
            throw new NetnsException(STEP, OBJECT, errno, Errno.name(errno), Errno.remedy(errno), e);
        } catch (Exception e) {
            throw new NetnsException(STEP, OBJECT, 0, e.toString(), "see the cause", e);
        }
    }

    private static Report measure(World world) throws Exception {
        Measurement measurement = new Measurement(world);
        List<Outcome> before;
        try (OldSandbox old = OldSandbox.open(world)) {
            world.serveOn(OldSandbox.HOST_END);
            List<Probe> probes = Probes.of(OldSandbox.HOST_END, world.ipv6());
            before = measurement.run(probes, Place.of(world.kernel(), old.namespace()), old.namespace());
        }
        try (NetnsSandbox sandbox = sandbox(world)) {
            // The proxy binds on the host end once there is one.
            String hostEnd = InetAddresses.toAddrString(sandbox.veth().hostAddress());
            world.serveOn(hostEnd);
            List<Probe> probes = Probes.of(hostEnd, world.ipv6());
            int namespace =
                    world.kernel().openNamespace(Optional.of(sandbox.namespace().path()));
            try {
                return Report.of(probes, before, measurement.run(probes, inside(sandbox), namespace));
            } finally {
                world.kernel().close(namespace);
            }
        }
    }

    private static NetnsSandbox sandbox(World world) throws IOException {
        return NetnsSandbox.builder(new LinuxProvider(world.kernel()))
                .hostNamespace(world.podPath())
                .resolvConf(world.resolvConf())
                .resolver(resolver(world))
                .timeout(LIMIT)
                .proxy(Probes.PROXY_PORT)
                .allowDns(Probes.RESOLVER)
                .directTcp(Probes.SLACK_NAME)
                .directTcp(Probes.DB_NAME, Probes.DB_PORT)
                .apply();
    }

    /** Returns the library's own client, which asks the world's resolver and not the machine's hosts file. */
    private static HostResolver resolver(World world) throws IOException {
        return SystemResolver.of(
                new PodChannels(world.pod()), ResolvConf.read(world.resolvConf()), NO_HOSTS, Deadline.in(LIMIT));
    }

    private static Place inside(NetnsSandbox sandbox) {
        return sandbox::call;
    }

    /** Channels whose sockets live in the pod. */
    private record PodChannels(Place pod) implements ChannelOpener {
        @Override
        public DatagramChannel openDatagram(ProtocolFamily family) throws IOException {
            return open(() -> DatagramChannel.open(family));
        }

        @Override
        public SocketChannel openStream(ProtocolFamily family) throws IOException {
            return open(() -> SocketChannel.open(family));
        }

        private <T> T open(java.util.concurrent.Callable<T> opener) throws IOException {
            try {
                return pod.call(opener);
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }
}
