package dev.openshell.netns.linux.report;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import java.util.Optional;

/**
 * What is known of the machine.
 *
 * @param variant the variant of iptables in use, empty where that was not found out
 * @param landlock whether Landlock is there
 * @param log whether LOG tells of denials inside a sandbox
 * @param nflog whether NFLOG does
 */
public record MachineFacts(Optional<IptablesVariant> variant, Landlock landlock, Logging log, Logging nflog) {
    /**
     * What is known of a target that logs.
     *
     * @param state whether it works inside a sandbox
     * @param evidence how that is known, in a few words
     */
    public record Logging(State state, String evidence) {
        /** Whether a target works inside a sandbox. */
        public enum State {
            /** It does. */
            AVAILABLE,
            /** Its rules can be loaded, and the kernel drops what they log. */
            SUPPRESSED,
            /** Its rules can't be loaded. */
            UNAVAILABLE,
            /** Not found out. */
            UNKNOWN
        }
    }

    /**
     * Returns what trying shows: rules are loaded into a namespace of their own, which is gone when this returns.
     * Nothing else is changed.
     *
     * @param host the host namespace, which is only read
     * @param inUse the variant that the sandbox's rules are loaded with
     * @throws dev.openshell.netns.NetnsException when the deadline runs out or the thread is interrupted
     */
    public static MachineFacts of(Kernel kernel, int host, IptablesVariant inUse, Deadline deadline) {
        LoggingProbe probe = new LoggingProbe(kernel, host, inUse, deadline);
        return new MachineFacts(Optional.of(inUse), kernel.landlock(), probe.log(), probe.nflog());
    }

    /** Returns what is known where rules are loaded into nf_tables in this process: it has no targets that log. */
    public static MachineFacts nftables(Kernel kernel) {
        Logging none = new Logging(Logging.State.UNAVAILABLE, "the backend nftables has no rules that log");
        return new MachineFacts(Optional.of(IptablesVariant.NFT), kernel.landlock(), none, none);
    }

    /** Returns what can be known without privilege and without changing anything. */
    public static MachineFacts unprivileged(Kernel kernel) {
        Logging untried = new Logging(Logging.State.UNKNOWN, "not tried: that needs CAP_NET_ADMIN and CAP_SYS_ADMIN");
        return new MachineFacts(Optional.empty(), kernel.landlock(), untried, untried);
    }
}
