package dev.openshell.netns.linux;

import dev.openshell.netns.Leftover;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.nft.NftKernel;
import dev.openshell.netns.linux.plan.HostSweep;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The two backends in one host namespace. Each one's standing deny drops what comes from any sandbox that is not its
 * own, so that beside live sandboxes of one nothing of the other's would work.
 */
final class Rivals {
    private Rivals() {}

    /**
     * Takes away what dead owners left of the other backend.
     *
     * @throws NetnsException when it has live sandboxes there, or others' rules are in the way
     */
    static void requireNone(Kernel kernel, int host, Deadline deadline) {
        if (kernel instanceof NftKernel nft) {
            nft.requirePassable(host);
            if (nft.isIptablesUsed(host)) {
                HostSweep.sweep(nft.plain(), host, false, deadline);
                require(!nft.isIptablesUsed(host), "iptables", "IPTABLES");
            }
        } else if (NftKernel.isUsed(kernel, host)) {
            HostSweep.sweep(new NftKernel(kernel), host, false, deadline);
            require(!NftKernel.isUsed(kernel, host), "nftables", "NFTABLES");
        }
    }

    private static void require(boolean alone, String backend, String constant) {
        if (!alone) {
            throw new NetnsException(
                    "look at the host's rules",
                    "host namespace",
                    0,
                    "there are live sandboxes of the backend " + backend + ", whose rules drop what is not theirs",
                    "take backend(Backend." + constant + ") for all sandboxes of this host namespace, or close those",
                    null);
        }
    }

    /** Takes away what dead owners left, whichever the backend, and returns it. */
    static List<Leftover> sweep(Kernel kernel, int host, boolean dryRun, Deadline deadline) {
        Set<Leftover> found = new LinkedHashSet<>();
        List<NetnsException> failures = new ArrayList<>();
        sweep(kernel, host, dryRun, deadline, found, failures);
        int before = found.size();
        sweep(new NftKernel(kernel), host, dryRun, deadline, found, failures);
        if (found.size() > before) {
            // One that ended between the two was taken away without its rules of the other.
            sweep(kernel, host, dryRun, deadline, found, failures);
        }
        if (!failures.isEmpty()) {
            NetnsException first = failures.get(0);
            failures.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        }
        return List.copyOf(found);
    }

    private static void sweep(
            Kernel kernel,
            int host,
            boolean dryRun,
            Deadline deadline,
            Set<Leftover> found,
            List<NetnsException> failures) {
        try {
            found.addAll(HostSweep.sweep(kernel, host, dryRun, deadline));
        } catch (NetnsException e) {
            failures.add(e);
        }
    }

    /** Returns the kernel that has the rules of live sandboxes: where both have, or none, {@code kernel}. */
    static Kernel inUse(Kernel kernel, int host) throws KernelException {
        return NftKernel.isUsed(kernel, host) ? new NftKernel(kernel) : kernel;
    }
}
