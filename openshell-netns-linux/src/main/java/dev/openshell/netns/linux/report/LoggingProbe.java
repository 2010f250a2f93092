package dev.openshell.netns.linux.report;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.report.MachineFacts.Logging;
import dev.openshell.netns.linux.report.MachineFacts.Logging.State;
import java.util.Optional;

/** Finds out which targets that log work inside a sandbox, by loading them in a namespace of their own. */
final class LoggingProbe {
    /**
     * Whether LOG works outside the initial namespace. Only the initial one has the key (netfilter_log_sysctl_init in
     * net/netfilter/nf_log.c), once the kernel's nf_log is loaded.
     */
    private static final String ALL_NAMESPACES = "net/netfilter/nf_log_all_netns";

    private final Kernel kernel;
    private final int host;
    private final IptablesVariant variant;
    private final Deadline deadline;

    LoggingProbe(Kernel kernel, int host, IptablesVariant variant, Deadline deadline) {
        this.kernel = kernel;
        this.host = host;
        this.variant = variant;
        this.deadline = deadline;
    }

    Logging nflog() {
        return load("-j NFLOG --nflog-group 1");
    }

    Logging log() {
        Logging loaded = load("-j LOG");
        if (loaded.state() != State.AVAILABLE) {
            return loaded;
        }
        Optional<String> all = allNamespaces();
        if (all.isEmpty()) {
            return new Logging(State.SUPPRESSED, "sysctl " + ALL_NAMESPACES + " can't be seen from here, 0 by default");
        }
        return new Logging(
                all.get().equals("1") ? State.AVAILABLE : State.SUPPRESSED,
                "sysctl " + ALL_NAMESPACES + " is " + all.get());
    }

    private Logging load(String target) {
        try {
            int namespace = kernel.createNamespace();
            try {
                return load(namespace, target);
            } finally {
                kernel.close(namespace);
            }
        } catch (KernelException e) {
            return new Logging(State.UNKNOWN, "no namespace to try it in: " + firstLine(e));
        }
    }

    private Logging load(int namespace, String target) {
        for (Family family : Family.values()) {
            try {
                restore(namespace, family, "-A OUTPUT " + target + '\n');
            } catch (KernelException refusal) {
                try {
                    // A refusal says something about the target only where the same text without it is taken.
                    restore(namespace, family, "");
                    return new Logging(State.UNAVAILABLE, firstLine(refusal));
                } catch (KernelException e) {
                    return new Logging(State.UNKNOWN, "no rules could be loaded: " + firstLine(e));
                }
            }
        }
        return new Logging(State.AVAILABLE, "its rules could be loaded");
    }

    private void restore(int namespace, Family family, String rules) {
        String text =
                "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" + rules + "COMMIT\n";
        kernel.restore(namespace, family, variant, text, false, deadline);
    }

    /** Returns the key's value, where the host namespace or that of the calling thread is the initial one. */
    private Optional<String> allNamespaces() {
        try {
            Optional<String> seen = kernel.readSysctl(host, ALL_NAMESPACES);
            if (seen.isPresent()) {
                return seen;
            }
            int own = kernel.openNamespace(Optional.empty());
            try {
                return kernel.readSysctl(own, ALL_NAMESPACES);
            } finally {
                kernel.close(own);
            }
        } catch (KernelException e) {
            return Optional.empty();
        }
    }

    private static String firstLine(KernelException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
    }
}
