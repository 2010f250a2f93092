package dev.openshell.netns.linux.report;

import dev.openshell.netns.PolicyReport;
import dev.openshell.netns.PolicyReport.Finding;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import java.util.ArrayList;
import java.util.List;

/** Says what a policy leaves possible, and what the machine adds or lacks. */
public final class Reporter {
    private Reporter() {}

    /**
     * Returns what there is to know, the policy's part first and the machine's last, always in the same order.
     *
     * @param resolved the policy with its addresses
     * @param rules what it allows on its link
     * @param machine what is known of the machine
     */
    public static PolicyReport of(ResolvedPolicy resolved, RuleSet rules, MachineFacts machine) {
        List<Finding> findings = new ArrayList<>();
        findings.addAll(RuleFindings.openResolvers(rules));
        findings.addAll(RuleFindings.proxy(rules));
        NameFindings names = new NameFindings(resolved);
        findings.addAll(names.shared());
        findings.addAll(names.rotating());
        findings.addAll(RuleFindings.privateAddresses(rules, resolved));
        findings.addAll(MachineFindings.of(machine, resolved.policy().iptables()));
        return new PolicyReport(findings);
    }
}
