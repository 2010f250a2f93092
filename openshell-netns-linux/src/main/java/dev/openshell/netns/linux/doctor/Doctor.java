package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.Preflight;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.kernel.Kernel;

/** Looks at the machine and the process, and says what stands in the way of a sandbox. */
public final class Doctor {
    private Doctor() {}

    /**
     * Returns what trying shows. The host namespace of {@code policy} is only read; rules and links are tried in
     * namespaces of their own, mounts on threads of their own, and all of that is gone when this returns. Without
     * privilege it looks at what can be seen, and says of the rest that it was not checked.
     */
    public static Preflight examine(Kernel kernel, SandboxPolicy policy) {
        Checks checks = new Checks();
        new RuntimeChecks(kernel).addTo(checks);
        ProcessStatus status = ProcessStatus.read();
        try (Place place = new Place(kernel, policy)) {
            new PrivilegeChecks(place, status).addTo(checks);
            checks.add("host-namespace", place::open);
            ToolChecks tools = new ToolChecks(place);
            tools.addTo(checks);
            new TrialChecks(place, tools.variant()).addTo(checks);
            new HostRuleChecks(place, tools.variant()).addTo(checks);
            new SettingChecks(place).addTo(checks);
            new ConntrackChecks(place).addTo(checks);
            new FileChecks(place, status).addTo(checks);
        }
        return checks.report();
    }
}
