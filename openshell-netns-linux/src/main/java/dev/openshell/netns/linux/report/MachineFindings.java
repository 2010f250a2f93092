package dev.openshell.netns.linux.report;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.PolicyReport.Finding;
import dev.openshell.netns.PolicyReport.Kind;
import dev.openshell.netns.linux.report.MachineFacts.Logging;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What follows from the machine. */
final class MachineFindings {
    /** Since when a domain confines signals too (landlock(7), "Scope flags"). */
    private static final int SIGNALS_SINCE = 6;

    private MachineFindings() {}

    /** Returns the findings; {@code pinned} is the policy's word on the variant, which may be AUTO. */
    static List<Finding> of(MachineFacts machine, IptablesVariant pinned) {
        Optional<IptablesVariant> variant =
                machine.variant().or(() -> Optional.of(pinned).filter(word -> word != IptablesVariant.AUTO));
        return List.of(
                logging("LOG", machine.log()),
                logging("NFLOG", machine.nflog()),
                iptables(variant),
                landlock(machine.landlock()));
    }

    private static Finding logging(String target, Logging logging) {
        String meaning =
                switch (logging.state()) {
                    case AVAILABLE -> "Available inside a sandbox: rules with it can tell of denials";
                    case SUPPRESSED ->
                        "Suppressed inside a sandbox: rules with it can be loaded, and the kernel drops what they log."
                                + " Use NFLOG or the rules' counters; sysctl net.netfilter.nf_log_all_netns=1 in the"
                                + " initial namespace lifts it";
                    case UNAVAILABLE ->
                        "Unavailable: rules with it can't be loaded, so that denials show in the rules' counters alone."
                                + " Load or build the kernel's module for it";
                    case UNKNOWN -> "Unknown whether rules with it can tell of denials";
                };
        return new Finding(Kind.LOGGING, target, meaning + " (" + logging.evidence() + ").");
    }

    private static Finding iptables(Optional<IptablesVariant> variant) {
        return variant.map(known -> {
                    String name = known.name().toLowerCase(Locale.ROOT);
                    String other = known == IptablesVariant.NFT ? "legacy" : "nft";
                    return new Finding(
                            Kind.IPTABLES,
                            name,
                            "The rules are iptables-" + name + "'s on both ends; iptables-" + other
                                    + " neither shows nor removes them.");
                })
                .orElseGet(() -> new Finding(
                        Kind.IPTABLES,
                        "unknown",
                        "Which variant of iptables will be used is found out when the policy is applied;"
                                + " iptables(NFT) or iptables(LEGACY) pins one."));
    }

    private static Finding landlock(Landlock landlock) {
        String without = "Processes of one user can trace and signal each other, also across sandboxes. ";
        return switch (landlock.state()) {
            case AVAILABLE ->
                new Finding(
                        Kind.LANDLOCK,
                        "ABI " + landlock.abi(),
                        landlock.abi() >= SIGNALS_SINCE
                                ? "Each started process has a domain of its own: it can neither trace nor signal what"
                                        + " is outside of it, other sandboxes included."
                                : "Each started process has a domain of its own and can't trace what is outside of it."
                                        + " Processes of one user can signal each other, also across sandboxes, before"
                                        + " ABI " + SIGNALS_SINCE + " (Linux 6.12).");
            case NOT_IMPLEMENTED ->
                missing("not implemented", without + "Use a kernel with CONFIG_SECURITY_LANDLOCK, 5.13 or later.");
            case NOT_ENABLED ->
                missing("not enabled", without + "Add landlock to the kernel's lsm= parameter and boot again.");
            case BLOCKED ->
                missing(
                        "blocked",
                        without + "Allow the landlock_* system calls, which something such as seccomp refuses.");
        };
    }

    private static Finding missing(String subject, String text) {
        return new Finding(Kind.LANDLOCK, subject, text);
    }
}
