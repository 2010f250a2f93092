package dev.openshell.netns;

import java.util.List;
import java.util.Locale;

/**
 * What remains possible under a policy, and what the machine adds or lacks.
 *
 * @param findings one for each thing to know
 * @since 0.1
 */
@Incubating
public record PolicyReport(List<Finding> findings) {
    /** What a finding is about. */
    public enum Kind {
        /** A resolver that answers everything can carry data out in the names that it is asked for. */
        OPEN_RESOLVER,
        /** The proxy decides what its clients reach. */
        PROXY,
        /** An address of a listed name serves others as well. */
        SHARED_ADDRESS,
        /** A listed name changes its addresses: those that were opened may become another's. */
        ROTATING_NAME,
        /** A listed address is private. */
        PRIVATE_ADDRESS,
        /** What the kernel can log of denials. */
        LOGGING,
        /** The variant of iptables. */
        IPTABLES,
        /** Whether processes inside get a Landlock domain of their own. */
        LANDLOCK
    }

    /**
     * A finding.
     *
     * @param kind what it is about
     * @param subject the address, name or setting
     * @param text what it means
     */
    public record Finding(Kind kind, String subject, String text) {
        /** Returns {@code KIND SUBJECT: TEXT}. */
        @Override
        public String toString() {
            return kind.name().toLowerCase(Locale.ROOT).replace('_', '-') + " " + subject + ": " + text;
        }
    }

    /** Copies the findings. */
    public PolicyReport {
        findings = List.copyOf(findings);
    }

    /** Returns a line for each finding. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        findings.forEach(finding -> text.append(finding).append('\n'));
        return text.toString();
    }
}
