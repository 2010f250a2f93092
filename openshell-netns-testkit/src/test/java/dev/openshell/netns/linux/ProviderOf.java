package dev.openshell.netns.linux;

import dev.openshell.netns.HostResolver;
import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.plan.Planner;

/** Makes providers with a planner of the test's. */
public final class ProviderOf {
    private ProviderOf() {}

    public static NetnsProvider planner(Kernel kernel, HostResolver names, Planner planner) {
        return new LinuxProvider(kernel, names, "nameserver 10.43.0.10\n", planner);
    }
}
