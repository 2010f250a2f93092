package dev.openshell.netns.linux;

import dev.openshell.netns.PolicyDiff;
import dev.openshell.netns.PolicyDiff.LiveFlow;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What changes from one set of rules to another, link apart. */
final class RuleDiff {
    private RuleDiff() {}

    /** Returns the changes from {@code from} to {@code to}, and of the flows that {@code live} finds those that end. */
    static PolicyDiff of(RuleSet from, ResolvedPolicy to, Function<RuleSet, List<LiveFlow>> live) {
        List<Rule> after = to.rules();
        Set<String> kept = destinations(after);
        Set<String> before = destinations(from.rules());
        List<Rule> closed = from.rules().stream()
                .filter(rule -> !kept.contains(destination(rule)))
                .toList();
        List<Rule> opened = after.stream()
                .filter(rule -> !before.contains(destination(rule)))
                .toList();
        List<LiveFlow> cut = closed.isEmpty()
                ? List.of()
                : live.apply(from).stream()
                        .filter(flow -> closed.contains(flow.rule()))
                        .toList();
        return new PolicyDiff(opened, closed, cut);
    }

    private static Set<String> destinations(List<Rule> rules) {
        return rules.stream().map(RuleDiff::destination).collect(Collectors.toSet());
    }

    /** The proxy's address is that of the link, whichever it is. */
    private static String destination(Rule rule) {
        return rule.kind() == Rule.Kind.PROXY ? "proxy " + rule.port() : rule.toString();
    }
}
