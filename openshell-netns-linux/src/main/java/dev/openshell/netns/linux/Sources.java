package dev.openshell.netns.linux;

import dev.openshell.netns.HostResolver;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.plan.PolicyResolver;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import dev.openshell.netns.linux.resolve.ResolvConf;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Where addresses come from, as seen from one namespace.
 *
 * @param names asked for names
 * @param conf the host's nameservers
 * @param addresses the namespace's own addresses
 * @param own whether an address is the namespace's own
 * @param routed whether it has a route to an address
 */
record Sources(
        HostResolver names,
        ResolvConf conf,
        Supplier<Set<InetAddress>> addresses,
        Predicate<InetAddress> own,
        Predicate<InetAddress> routed) {
    /** What can look from a namespace, and for how long. */
    interface Viewpoint {
        /** Returns what {@code body} makes of the sources for {@code policy}. */
        <T> T look(SandboxPolicy policy, Body<T> body);
    }

    /** What is done with sources. */
    interface Body<T> {
        T with(Sources sources, Deadline deadline);
    }

    ResolvedPolicy resolve(SandboxPolicy policy, Deadline deadline) {
        return new PolicyResolver(names, conf, own, routed, deadline).resolve(policy);
    }

    /** Returns the addresses of {@code name}, of which there is one. */
    List<InetAddress> addresses(String name) {
        try {
            List<InetAddress> addresses = names.resolve(name);
            if (!addresses.isEmpty()) {
                return addresses;
            }
            throw new NetnsException("resolve", name, 0, "has no address", "check the name", null);
        } catch (IOException e) {
            throw new NetnsException(
                    "resolve", name, 0, "could not be resolved: " + e.getMessage(), "check the host's nameservers", e);
        }
    }
}
