package dev.openshell.netns.linux;

import dev.openshell.netns.HostResolver;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.plan.Enforcement;
import dev.openshell.netns.linux.plan.LinkAllocator;
import dev.openshell.netns.linux.plan.Planner;
import dev.openshell.netns.linux.plan.Prepared;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import java.security.SecureRandom;

/** Makes each sandbox as a pool does, in one thread: first ready, then what is asked for. */
public final class MadeReady implements NetnsProvider {
    private final Kernel kernel;
    private final Planner planner;
    private final LinuxProvider provider;
    private final Runnable between;

    /** Makes one that runs {@code between} while a namespace is ready. */
    public MadeReady(Kernel kernel, HostResolver names, Planner planner, Runnable between) {
        this.kernel = kernel;
        this.planner = planner;
        this.provider = new LinuxProvider(kernel, names, "nameserver 10.43.0.10\n", planner);
        this.between = between;
    }

    public MadeReady(Kernel kernel, HostResolver names) {
        this(kernel, names, new Planner(new IptablesCompiler()), () -> {});
    }

    @Override
    public NetnsSandbox apply(SandboxPolicy policy) {
        return provider.apply(provider.openHost(policy), policy, this::enforce);
    }

    private Enforcement enforce(int host, ResolvedPolicy resolved, Deadline deadline) {
        LinkAllocator links = new LinkAllocator(new SecureRandom());
        Prepared ready = Prepared.of(kernel, host, resolved, links, planner, deadline);
        between.run();
        return ready.take(host, resolved, deadline).orElseGet(() -> {
            ready.close();
            throw new NetnsException("take", "a ready namespace", 0, "is not as it was made", "make another", null);
        });
    }
}
