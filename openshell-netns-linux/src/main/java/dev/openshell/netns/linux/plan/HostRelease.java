package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.rules.HostRules;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Takes a sandbox's rules off the host. Goes by what is there: whatever part of them was loaded, or is gone already,
 * and those of links that are no more. With the last sandbox the standing rules go and forwarding is put back.
 */
final class HostRelease {
    private static final int TRIES = 5;

    private final Kernel kernel;
    private final int namespace;
    private final IptablesVariant variant;
    private final Deadline deadline;

    HostRelease(Kernel kernel, int namespace, IptablesVariant variant, Deadline deadline) {
        this.kernel = kernel;
        this.namespace = namespace;
        this.variant = variant;
        this.deadline = deadline;
    }

    /** Releases {@code link}; the caller holds the host namespace's lock. */
    void release(String link) {
        for (int tries = 1; ; tries++) {
            try {
                tryRelease(link);
                return;
            } catch (KernelException e) {
                // Another program may have changed the tables between reading and loading.
                if (tries == TRIES) {
                    throw e;
                }
                deadline.check("release the host's rules of", link);
            }
        }
    }

    private void tryRelease(String link) {
        Map<String, Integer> links = HostState.links(kernel, namespace, deadline);
        if (links.containsKey(link)) {
            // Whatever may still be inside: without its rules a link that is up would be open.
            Netlink.sendIfThere(kernel, namespace, Rtnetlink.setUp(links.get(link), link, false));
        }
        Map<Family, HostRules> rules = new LinkedHashMap<>();
        for (Family family : HostState.families(HostState.hasIpv6(kernel, namespace))) {
            rules.put(family, HostRules.of(kernel.save(namespace, family, variant, deadline)));
        }
        Set<String> doomed = new TreeSet<>();
        rules.values().forEach(family -> doomed.addAll(family.links()));
        Set<String> alive = new TreeSet<>(doomed);
        alive.retainAll(links.keySet());
        alive.remove(link);
        doomed.removeAll(alive);
        rules.forEach((family, current) -> {
            if (alive.isEmpty()) {
                Forwarding.putBack(kernel, namespace, current);
            }
            String text = alive.isEmpty() ? current.withoutAny() : current.without(doomed);
            if (!text.isEmpty()) {
                kernel.restore(namespace, family, variant, text, true, deadline);
            }
        });
    }
}
