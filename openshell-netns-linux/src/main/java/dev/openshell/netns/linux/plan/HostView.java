package dev.openshell.netns.linux.plan;

import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What resolving a policy has to know of the host namespace. */
public final class HostView {
    private final Kernel kernel;
    private final int namespace;
    private final Deadline deadline;
    private final Map<InetAddress, Answers> routes = new HashMap<>();

    /** Makes a view of {@code namespace}. */
    public HostView(Kernel kernel, int namespace, Deadline deadline) {
        this.kernel = kernel;
        this.namespace = namespace;
        this.deadline = deadline;
    }

    /** Returns the host's own addresses. */
    public Set<InetAddress> addresses() {
        return Netlink.dump(kernel, namespace, Rtnetlink.dumpAddresses(), deadline).addresses().stream()
                .map(Answers.InterfaceAddress::address)
                .collect(Collectors.toSet());
    }

    /** Returns whether {@code address} is the host's own, of an interface that is up. */
    public boolean isOwn(InetAddress address) {
        return route(address).local().contains(true);
    }

    /** Returns whether the host has a route to {@code destination}. */
    public boolean routed(InetAddress destination) {
        return Uplinks.outgoing(route(destination)).isPresent();
    }

    private Answers route(InetAddress destination) {
        return routes.computeIfAbsent(destination, to -> Netlink.exchange(kernel, namespace, Rtnetlink.getRoute(to)));
    }
}
