package dev.openshell.netns.linux.plan;

import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.plan.Plan.Step;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import java.util.List;
import java.util.function.UnaryOperator;

/** A planner that gets its rules wrong, and whose plans are proved as they always are. */
public final class Damaged extends Planner {
    private final UnaryOperator<String> change;

    /** Makes one that changes each text that is to be loaded. */
    public Damaged(UnaryOperator<String> change) {
        super(new IptablesCompiler());
        this.change = change;
    }

    @Override
    Plan plan(SandboxPolicy policy, RuleSet rules, Link link, HostState host, List<Step> forwarding) {
        Plan sound = super.plan(policy, rules, link, host, forwarding);
        return new Plan(link, sound.steps().stream().map(this::damaged).toList());
    }

    private Step damaged(Step step) {
        return step.action() instanceof Action.Load load
                ? new Step(
                        step.name(),
                        step.object(),
                        new Action.Load(load.where(), load.family(), change.apply(load.text())),
                        step.undo(),
                        step.when())
                : step;
    }
}
