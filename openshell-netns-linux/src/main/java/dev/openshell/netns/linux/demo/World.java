package dev.openshell.netns.linux.demo;

import com.google.common.io.Closer;
import com.google.common.net.InetAddresses;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.plan.Netlink;
import dev.openshell.netns.linux.sys.Libc;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A pod, in which sandboxes get their host end, and behind it an uplink with a resolver and the hosts:
 *
 * <pre>
 * [pod] eth0 198.51.100.2/24, 2001:db8:1::2/64 ── eth0 .1 [uplink] 10.43.0.10, 203.0.113.10, …
 * </pre>
 *
 * <p>Nothing in it has a route to the machine, or a name, a file or a mount: all of it are descriptors of this process,
 * and the kernel takes everything away when they are closed or the process dies.
 */
final class World implements Closeable {
    static final String UPLINK = "198.51.100.1";
    private static final String POD = "198.51.100.2";
    private static final String UPLINK6 = "2001:db8:1::1";
    private static final String POD6 = "2001:db8:1::2";
    private static final int NETWORK = 24;
    private static final int NETWORK6 = 64;
    private static final int HOST = 32;
    private static final int HOST6 = 128;
    private static final int LOOPBACK_INDEX = 1;
    // Far above what the kernel gives to devices that come with a new namespace.
    private static final Rtnetlink.End POD_END = new Rtnetlink.End("eth0", 1001, new byte[] {2, 0, 0, 0, 0, 2});
    private static final Rtnetlink.End UPLINK_END = new Rtnetlink.End("eth0", 1002, new byte[] {2, 0, 0, 0, 0, 1});

    private final Kernel kernel;
    private final Closer resources = Closer.create();
    private final int pod;
    private final int resolvConf;
    private final boolean ipv6;
    private final Services services;
    private final Capture capture;

    private World(Kernel kernel) throws Exception {
        this.kernel = kernel;
        boolean done = false;
        try {
            pod = namespace();
            int uplink = namespace();
            ipv6 = kernel.readSysctl(pod, "net/ipv6/conf/all/disable_ipv6").isPresent();
            setUp(uplink);
            services = resources.register(new Services());
            serve(Place.of(kernel, uplink));
            capture = resources.register(Capture.open(Place.of(kernel, uplink), UPLINK_END.index()));
            resolvConf = memoryFile("nameserver " + Probes.RESOLVER + "\n");
            done = true;
        } finally {
            if (!done) {
                close();
            }
        }
    }

    /** Builds the world. */
    static World open(Kernel kernel) throws Exception {
        return new World(kernel);
    }

    private int namespace() {
        int namespace = kernel.createNamespace();
        resources.register(() -> kernel.close(namespace));
        return namespace;
    }

    private void setUp(int uplink) {
        for (int namespace : List.of(pod, uplink)) {
            // A new namespace takes IPv4's settings over from the machine; off and on sets every one of them.
            kernel.writeSysctl(namespace, "net/ipv4/ip_forward", "1");
            kernel.writeSysctl(namespace, "net/ipv4/ip_forward", "0");
            if (ipv6) {
                kernel.writeSysctl(namespace, "net/ipv6/conf/all/disable_ipv6", "0");
                kernel.writeSysctl(namespace, "net/ipv6/conf/default/disable_ipv6", "0");
            }
        }
        // As the pods of a node that forwards have it, which a Kubernetes node does.
        kernel.writeSysctl(pod, "net/ipv4/ip_forward", "1");
        Netlink.send(kernel, pod, Rtnetlink.newVeth(POD_END, UPLINK_END, uplink));
        Netlink.send(kernel, uplink, uplinkAddresses());
        Netlink.send(kernel, pod, podAddresses());
    }

    private Request uplinkAddresses() {
        Request request = Rtnetlink.setUp(LOOPBACK_INDEX, "lo", true)
                .and(Rtnetlink.setUp(UPLINK_END.index(), UPLINK_END.name(), true))
                .and(address(UPLINK_END, UPLINK, NETWORK))
                .and(neighbour(UPLINK_END, POD, POD_END));
        for (String host : List.of(
                Probes.RESOLVER,
                Probes.OTHER_RESOLVER,
                Probes.SLACK,
                Probes.DB,
                Probes.UNLISTED,
                Probes.UNLISTED_TOO)) {
            request.and(Rtnetlink.newAddress(LOOPBACK_INDEX, InetAddresses.forString(host), HOST));
        }
        if (ipv6) {
            request.and(address(UPLINK_END, UPLINK6, NETWORK6))
                    .and(Rtnetlink.newAddress(LOOPBACK_INDEX, InetAddresses.forString(Probes.SLACK6), HOST6));
        }
        return request;
    }

    private Request podAddresses() {
        Request request = Rtnetlink.setUp(LOOPBACK_INDEX, "lo", true)
                .and(Rtnetlink.setUp(POD_END.index(), POD_END.name(), true))
                .and(address(POD_END, POD, NETWORK))
                .and(neighbour(POD_END, UPLINK, UPLINK_END))
                .and(Rtnetlink.newDefaultRoute(POD_END.index(), InetAddresses.forString(UPLINK)));
        if (ipv6) {
            request.and(address(POD_END, POD6, NETWORK6))
                    .and(neighbour(POD_END, UPLINK6, UPLINK_END))
                    .and(Rtnetlink.newDefaultRoute(POD_END.index(), InetAddresses.forString(UPLINK6)));
        }
        return request;
    }

    private static Request address(Rtnetlink.End end, String address, int prefix) {
        return Rtnetlink.newAddress(end.index(), InetAddresses.forString(address), prefix);
    }

    private static Request neighbour(Rtnetlink.End end, String address, Rtnetlink.End whose) {
        return Rtnetlink.newNeighbour(end.index(), InetAddresses.forString(address), whose.mac());
    }

    private void serve(Place uplink) throws Exception {
        DnsResponder names = new DnsResponder(Map.of(
                Probes.name(Probes.SLACK_NAME), InetAddresses.forString(Probes.SLACK),
                Probes.name(Probes.DB_NAME), InetAddresses.forString(Probes.DB)));
        services.resolve(uplink, Probes.RESOLVER, names);
        services.resolve(uplink, Probes.OTHER_RESOLVER, names);
        services.greet(uplink, Probes.SLACK, Probes.HTTPS_PORT);
        services.greet(uplink, Probes.SLACK, Probes.HTTP_PORT);
        services.answer(uplink, Probes.SLACK, Probes.HTTPS_PORT);
        services.greet(uplink, Probes.DB, Probes.DB_PORT);
        services.greet(uplink, Probes.UNLISTED, Probes.HTTPS_PORT);
        services.greet(uplink, Probes.UNLISTED_TOO, Probes.HTTPS_PORT);
    }

    /** A file without a name (memfd_create(2)), which ends with this process. */
    private int memoryFile(String text) {
        int file = Libc.memfd_create("resolv.conf", Libc.MFD_CLOEXEC);
        resources.register(() -> Libc.close(file));
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        Libc.write(file, bytes, new NativeLong(bytes.length));
        return file;
    }

    /** Opens the proxy and another service on {@code hostEnd}, the host end of a sandbox's link. */
    void serveOn(String hostEnd) throws Exception {
        services.greet(pod(), hostEnd, Probes.PROXY_PORT);
        services.greet(pod(), hostEnd, Probes.OTHER_PORT);
    }

    Kernel kernel() {
        return kernel;
    }

    /** Returns the pod. */
    Place pod() {
        return Place.of(kernel, pod);
    }

    /** Returns the pod's descriptor. */
    int podDescriptor() {
        return pod;
    }

    /** Returns a path of the pod's namespace, for this process only. */
    Path podPath() {
        return Path.of("/proc/self/fd", Integer.toString(pod));
    }

    /** Returns a path of the pod's resolv.conf, for this process only. */
    Path resolvConf() {
        return Path.of("/proc/self/fd", Integer.toString(resolvConf));
    }

    /** Returns whether the kernel has IPv6. */
    boolean ipv6() {
        return ipv6;
    }

    /** Returns what sees all that leaves the pod. */
    Capture capture() {
        return capture;
    }

    @Override
    public void close() throws IOException {
        resources.close();
    }
}
