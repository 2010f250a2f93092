package dev.openshell.netns;

import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import org.immutables.value.Value;

/**
 * What a sandbox may reach, address by address, and over which link. It names no tool: the same set is compiled,
 * printed and enforced, inside the sandbox and on the host end.
 *
 * @since 0.1
 */
@ModelStyle
@Value.Immutable
public abstract class RuleSet {
    RuleSet() {}

    /** Returns the link. */
    @Value.Parameter
    public abstract VethPair veth();

    /** Returns all that is allowed, sorted, each destination once. */
    @Value.Parameter
    public abstract List<Rule> rules();

    /** Returns how much of it the sandbox may have open, and open a second. */
    @Incubating
    @Value.Parameter
    public abstract Limits limits();

    /**
     * Returns a set of {@code rules} without limits. Of several for one destination the first in their order stays.
     *
     * @throws IllegalArgumentException when there is an IPv6 rule and no IPv6 on the link
     */
    public static RuleSet of(VethPair veth, Collection<Rule> rules) {
        return of(veth, rules, Limits.NONE);
    }

    /**
     * Returns a set of {@code rules} within {@code limits}.
     *
     * @throws IllegalArgumentException when there is an IPv6 rule and no IPv6 on the link
     */
    @Incubating
    public static RuleSet of(VethPair veth, Collection<Rule> rules, Limits limits) {
        TreeSet<String> seen = new TreeSet<>();
        return ImmutableRuleSet.of(
                veth,
                new TreeSet<>(rules)
                        .stream().filter(rule -> seen.add(rule.toString())).toList(),
                limits);
    }

    /** Returns the rules of one family. */
    public List<Rule> rules(Family family) {
        return rules().stream().filter(rule -> rule.family() == family).toList();
    }

    @Value.Check
    void check() {
        if (veth().network6().isEmpty() && !rules(Family.IPV6).isEmpty()) {
            throw new IllegalArgumentException("a link without IPv6 can't carry " + rules(Family.IPV6));
        }
    }
}
