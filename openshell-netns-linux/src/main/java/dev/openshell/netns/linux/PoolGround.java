package dev.openshell.netns.linux;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.plan.Enforcement;
import dev.openshell.netns.linux.plan.LinkAllocator;
import dev.openshell.netns.linux.plan.Planner;
import dev.openshell.netns.linux.plan.Prepared;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import java.nio.file.Path;
import java.util.Optional;

/** The host namespace that a pool is on, and how things are made there. */
final class PoolGround {
    private final Kernel kernel;
    private final int host;
    private final ResolvedPolicy base;
    private final LinkAllocator links;
    private final Planner planner;
    private final Applying applying;

    /** Puts a policy in force on the host namespace of descriptor {@code host}. */
    interface Enforcing {
        Enforcement enforce(int host, ResolvedPolicy resolved, Deadline deadline);
    }

    /** Makes a sandbox with what puts its policy in force, and takes charge of the descriptor. */
    interface Applying {
        NetnsSandbox apply(int host, SandboxPolicy policy, Enforcing enforcing);
    }

    PoolGround(Kernel kernel, int host, ResolvedPolicy base, LinkAllocator links, Planner planner, Applying applying) {
        this.kernel = kernel;
        this.host = host;
        this.base = base;
        this.links = links;
        this.planner = planner;
        this.applying = applying;
    }

    Prepared prepare() {
        Deadline deadline = Deadline.in(base.policy().timeout());
        return Prepared.of(kernel, host, base, links, planner, deadline);
    }

    /** Makes a sandbox from nothing. */
    Enforcement enforce(int own, ResolvedPolicy resolved, Deadline deadline) {
        return Enforcement.of(kernel, own, resolved, links, planner, deadline);
    }

    /** Makes a sandbox of the pool of {@code shelf}: with a descriptor of its own, since it may outlive the pool. */
    NetnsSandbox apply(SandboxPolicy policy, PoolShelf shelf, Enforcing enforcing) {
        return applying.apply(shelf.whileOpen(this::duplicate), policy, enforcing);
    }

    private int duplicate() {
        try {
            return kernel.openNamespace(Optional.of(Path.of("/proc/self/fd/" + host)));
        } catch (KernelException e) {
            throw failure("open", e);
        }
    }

    void close() {
        try {
            kernel.close(host);
        } catch (KernelException e) {
            throw failure("close", e);
        }
    }

    private static NetnsException failure(String step, KernelException e) {
        return new NetnsException(step, "host namespace", e.errno(), e.getMessage(), e.remedy(), e);
    }
}
