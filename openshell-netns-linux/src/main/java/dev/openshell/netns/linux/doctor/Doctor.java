package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.kernel.Kernel;
import java.util.Optional;

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
            Optional<IptablesVariant> variant = loading(place, checks);
            new TrialChecks(place, variant).addTo(checks);
            new HostRuleChecks(place, variant).addTo(checks);
            new SettingChecks(place).addTo(checks);
            new ConntrackChecks(place).addTo(checks);
            new FileChecks(place, status).addTo(checks);
        }
        return checks.report();
    }

    /** Looks at what loads rules, and returns the variant that they are tried with, empty where they can't be. */
    private static Optional<IptablesVariant> loading(Place place, Checks checks) {
        if (place.isNft()) {
            NftChecks nft = new NftChecks(place);
            nft.addTo(checks);
            return nft.variant();
        }
        ToolChecks tools = new ToolChecks(place);
        tools.addTo(checks);
        return tools.variant();
    }
}
