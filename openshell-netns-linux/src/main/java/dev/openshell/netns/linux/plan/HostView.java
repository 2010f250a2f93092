package dev.openshell.netns.linux.plan;

import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Set;

/** What resolving a policy has to know of the host namespace. */
public final class HostView {
    private final Kernel kernel;
    private final int namespace;
    private final Deadline deadline;

    /** Makes a view of {@code namespace}. */
    public HostView(Kernel kernel, int namespace, Deadline deadline) {
        this.kernel = kernel;
        this.namespace = namespace;
        this.deadline = deadline;
    }

    /** Returns the host's own addresses. */
    public Set<InetAddress> addresses() {
        Set<InetAddress> addresses = new HashSet<>();
        for (Answers.InterfaceAddress address : Netlink.dump(kernel, namespace, Rtnetlink.dumpAddresses(), deadline)
                .addresses()) {
            addresses.add(address.address());
        }
        return addresses;
    }

    /** Returns whether the host has a route to {@code destination}. */
    public boolean routed(InetAddress destination) {
        return new Uplinks(kernel, namespace).routed(destination);
    }
}
