package dev.openshell.netns.linux.bench;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.plan.Netlink;
import java.nio.file.Path;
import java.util.List;

/**
 * A host namespace for sandboxes and an uplink namespace with the hosts that they may reach, linked to each other and to
 * nothing else. Both have no name: they are gone with this process, however it ends.
 */
final class Pod implements AutoCloseable {
    static final String HOST = "203.0.113.10";
    static final String BULK_HOST = "203.0.113.12";
    static final int BULK_PORT = 5432;
    private static final int LOOPBACK = 1;
    private static final Rtnetlink.End POD_END = new Rtnetlink.End("eth0", 1001, new byte[] {2, 0, 0, 0, 0, 2});
    private static final Rtnetlink.End UPLINK_END = new Rtnetlink.End("eth0", 1002, new byte[] {2, 0, 0, 0, 0, 1});

    private final Kernel kernel;
    private final int pod;
    private final int uplink;

    Pod(Kernel kernel) {
        this.kernel = kernel;
        pod = kernel.createNamespace();
        uplink = kernel.createNamespace();
        boolean done = false;
        try {
            setUp();
            done = true;
        } finally {
            if (!done) {
                close();
            }
        }
    }

    private void setUp() {
        // As the pods of a node that forwards have it: no sandbox switches it on and off again.
        kernel.writeSysctl(pod, "net/ipv4/ip_forward", "1");
        Netlink.send(kernel, pod, Rtnetlink.newVeth(POD_END, UPLINK_END, uplink));
        Request outside = up(UPLINK_END, "198.51.100.1");
        for (String host : List.of("10.43.0.10", HOST, "203.0.113.11", BULK_HOST)) {
            outside.and(Rtnetlink.newAddress(LOOPBACK, InetAddresses.forString(host), 32));
        }
        Netlink.send(kernel, uplink, outside);
        Netlink.send(
                kernel,
                pod,
                up(POD_END, "198.51.100.2")
                        .and(Rtnetlink.newDefaultRoute(POD_END.index(), InetAddresses.forString("198.51.100.1"))));
    }

    private static Request up(Rtnetlink.End end, String address) {
        return Rtnetlink.setUp(LOOPBACK, "lo", true)
                .and(Rtnetlink.setUp(end.index(), end.name(), true))
                .and(Rtnetlink.newAddress(end.index(), InetAddresses.forString(address), 30));
    }

    /** Returns the pod's descriptor. */
    int pod() {
        return pod;
    }

    /** Returns the uplink's descriptor. */
    int uplink() {
        return uplink;
    }

    /** Returns a path of the pod's namespace. */
    Path path() {
        return path(pod);
    }

    /** Returns a path of a namespace that other processes can open too. */
    static Path path(int namespace) {
        return Path.of("/proc", Long.toString(ProcessHandle.current().pid()), "fd", Integer.toString(namespace));
    }

    @Override
    public void close() {
        kernel.close(pod);
        kernel.close(uplink);
    }
}
