package dev.openshell.netns.linux;

import dev.openshell.netns.Explanation;
import dev.openshell.netns.Flow;
import dev.openshell.netns.PolicyDiff;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.PolicyReport;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPlan;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.Verified;
import dev.openshell.netns.linux.picture.Picture;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import dev.openshell.netns.linux.proof.Explainer;
import dev.openshell.netns.linux.proof.Proof;
import dev.openshell.netns.linux.proof.Rulesets;
import dev.openshell.netns.linux.report.MachineFacts;
import dev.openshell.netns.linux.report.Reporter;
import java.net.InetAddress;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/** What is known of a policy on a link, in force or not. */
final class Inspection implements PolicyInspection {
    private final ResolvedPolicy resolved;
    private final Situation situation;
    private final Sources.Viewpoint viewpoint;

    /**
     * How the policy stands.
     *
     * @param rules what is allowed on the link
     * @param plan what is done for it
     * @param rulesets the rules of both ends, as they are sent
     * @param live the live flows of rules that go away
     * @param machine what is known of the machine
     */
    record Situation(
            RuleSet rules,
            SandboxPlan plan,
            Supplier<Rulesets> rulesets,
            Function<RuleSet, List<PolicyDiff.LiveFlow>> live,
            Supplier<MachineFacts> machine) {}

    Inspection(ResolvedPolicy resolved, Situation situation, Sources.Viewpoint viewpoint) {
        this.resolved = resolved;
        this.situation = situation;
        this.viewpoint = viewpoint;
    }

    @Override
    public SandboxPolicy policy() {
        return resolved.policy();
    }

    @Override
    public RuleSet ruleSet() {
        return situation.rules();
    }

    @Override
    public SandboxPlan plan() {
        return situation.plan();
    }

    @Override
    public Verified verify() {
        return Proof.of(ruleSet(), situation.rulesets().get());
    }

    @Override
    public Explanation explain(Flow flow) {
        return viewpoint.look(policy(), (sources, deadline) -> {
            Explainer explainer = new Explainer(
                    ruleSet(), situation.rulesets().get(), sources.addresses().get(), policy());
            return new Explanation(
                    flow,
                    addresses(flow, sources).stream()
                            .map(address -> explainer.way(flow, address))
                            .toList());
        });
    }

    /** Those of a listed name are the ones that were opened. */
    private List<InetAddress> addresses(Flow flow, Sources sources) {
        List<InetAddress> opened = resolved.hosts().get(flow.host());
        return flow.literal().map(List::of).orElseGet(() -> opened != null ? opened : sources.addresses(flow.host()));
    }

    @Override
    public PolicyDiff diff(SandboxPolicy other) {
        ResolvedPolicy to = viewpoint.look(other, (sources, deadline) -> sources.resolve(other, deadline));
        return RuleDiff.of(ruleSet(), to, situation.live());
    }

    @Override
    public PolicyReport report() {
        return Reporter.of(resolved, ruleSet(), situation.machine().get());
    }

    @Override
    public String svg() {
        return Picture.svg(ruleSet());
    }

    @Override
    public String toString() {
        return "PolicyInspection" + ruleSet().rules();
    }
}
