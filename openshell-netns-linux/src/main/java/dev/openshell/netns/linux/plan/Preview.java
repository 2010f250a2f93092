package dev.openshell.netns.linux.plan;

import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPlan;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.proof.Rulesets;

/** A policy's plan on a link that stands for any and a host of which nothing is known. */
public final class Preview {
    private final RuleSet rules;
    private final HostState host;
    private final Plan plan;

    private Preview(RuleSet rules, HostState host, Plan plan) {
        this.rules = rules;
        this.host = host;
        this.plan = plan;
    }

    /** Returns that of {@code resolved}, laid out by {@code planner}. */
    public static Preview of(ResolvedPolicy resolved, Planner planner) {
        VethPair veth = LinkAllocator.example(resolved);
        RuleSet rules = resolved.on(veth);
        HostState host = HostState.unknown();
        byte[] mac = new byte[6];
        Link link = new Link(
                veth,
                new Rtnetlink.End(veth.hostInterface(), 1, mac),
                new Rtnetlink.End(veth.sandboxInterface(), 1, mac));
        return new Preview(rules, host, planner.plan(resolved.policy(), rules, link, host, Forwarding.least(rules)));
    }

    /** Returns what is allowed. */
    public RuleSet rules() {
        return rules;
    }

    /** Returns the steps and the whole input. */
    public SandboxPlan plan() {
        return plan.shown();
    }

    /** Returns the rules of both ends. */
    public Rulesets rulesets() {
        return plan.rulesets(host);
    }
}
