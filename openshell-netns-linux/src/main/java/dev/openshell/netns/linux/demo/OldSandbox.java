package dev.openshell.netns.linux.demo;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.plan.Netlink;
import java.io.Closeable;
import java.time.Duration;

/**
 * A namespace as OpenShell makes it: a link to the pod, a default route, and rules inside the namespace only, which
 * accept the proxy, loopback and what is established, reject all other TCP and UDP and leave the chains' policies at
 * ACCEPT. Its LOG rules, which decide nothing, are left out.
 */
final class OldSandbox implements Closeable {
    static final String HOST_END = "10.200.0.1";
    private static final String INSIDE = "10.200.0.2";
    private static final int NETWORK = 24;
    private static final int LOOPBACK_INDEX = 1;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Rtnetlink.End HOST = new Rtnetlink.End("veth-h-demo", 1003, new byte[] {2, 0, 0, 0, 1, 1});
    private static final Rtnetlink.End SANDBOX = new Rtnetlink.End("veth-s-demo", 1004, new byte[] {2, 0, 0, 0, 1, 2});

    private static final String RULES =
            """
            *filter
            :INPUT ACCEPT [0:0]
            :FORWARD ACCEPT [0:0]
            :OUTPUT ACCEPT [0:0]
            %s-A OUTPUT -o lo -j ACCEPT
            -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A OUTPUT -p tcp -j REJECT --reject-with %2$s
            -A OUTPUT -p udp -j REJECT --reject-with %2$s
            COMMIT
            """;

    private final World world;
    private final int namespace;

    private OldSandbox(World world, int namespace) {
        this.world = world;
        this.namespace = namespace;
    }

    static OldSandbox open(World world) {
        Kernel kernel = world.kernel();
        OldSandbox sandbox = new OldSandbox(world, kernel.createNamespace());
        boolean done = false;
        try {
            sandbox.join();
            sandbox.load();
            done = true;
            return sandbox;
        } finally {
            if (!done) {
                kernel.close(sandbox.namespace);
            }
        }
    }

    private void join() {
        Kernel kernel = world.kernel();
        int pod = world.podDescriptor();
        Netlink.send(kernel, pod, Rtnetlink.newVeth(HOST, SANDBOX, namespace));
        Netlink.send(
                kernel,
                pod,
                Rtnetlink.newAddress(HOST.index(), InetAddresses.forString(HOST_END), NETWORK)
                        .and(Rtnetlink.setUp(HOST.index(), HOST.name(), true)));
        Netlink.send(
                kernel,
                namespace,
                Rtnetlink.newAddress(SANDBOX.index(), InetAddresses.forString(INSIDE), NETWORK)
                        .and(Rtnetlink.setUp(SANDBOX.index(), SANDBOX.name(), true))
                        .and(Rtnetlink.setUp(LOOPBACK_INDEX, "lo", true))
                        .and(Rtnetlink.newDefaultRoute(SANDBOX.index(), InetAddresses.forString(HOST_END))));
    }

    private void load() {
        Deadline deadline = Deadline.in(PATIENCE);
        IptablesVariant variant = world.kernel().iptables(namespace, IptablesVariant.AUTO, deadline);
        String proxy = "-A OUTPUT -d " + HOST_END + "/32 -p tcp -m tcp --dport " + Probes.PROXY_PORT + " -j ACCEPT\n";
        String rules = RULES.formatted(proxy, "icmp-port-unreachable");
        world.kernel().restore(namespace, Family.IPV4, variant, rules, false, deadline);
        if (world.ipv6()) {
            String rules6 = RULES.formatted("", "icmp6-port-unreachable");
            world.kernel().restore(namespace, Family.IPV6, variant, rules6, false, deadline);
        }
    }

    int namespace() {
        return namespace;
    }

    /** Takes the link away, and the namespace with its rules. */
    @Override
    public void close() {
        Kernel kernel = world.kernel();
        try {
            Netlink.send(kernel, world.podDescriptor(), Rtnetlink.deleteLink(HOST.index(), HOST.name()));
        } finally {
            kernel.close(namespace);
        }
    }
}
