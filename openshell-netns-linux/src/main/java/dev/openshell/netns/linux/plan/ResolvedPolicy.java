package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.resolve.NameFacts;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A policy whose names have become addresses: what it allows beyond the link, and the addresses of each listed host.
 *
 * @param policy the policy
 * @param forwarded what it allows beyond the link
 * @param hosts the addresses of each listed host that may be opened
 * @param facts what resolving showed besides, for each listed name that the library's own resolver was asked for
 */
public record ResolvedPolicy(
        SandboxPolicy policy,
        List<Rule> forwarded,
        Map<String, List<InetAddress>> hosts,
        Map<String, NameFacts> facts) {
    /** Makes a policy of which no more is known than the addresses. */
    public ResolvedPolicy(SandboxPolicy policy, List<Rule> forwarded, Map<String, List<InetAddress>> hosts) {
        this(policy, forwarded, hosts, Map.of());
    }

    /** Returns whether anything is reached over IPv6. */
    public boolean ipv6() {
        return forwarded.stream().anyMatch(rule -> rule.family() == Family.IPV6);
    }

    /** Returns the nameservers, in the order of the rules. */
    public List<InetAddress> nameservers() {
        return forwarded.stream()
                .filter(rule -> rule.kind() == Rule.Kind.DNS)
                .map(Rule::address)
                .distinct()
                .toList();
    }

    /** Returns all that is allowed, on the link that stands for any. */
    public List<Rule> rules() {
        return on(LinkAllocator.example(this)).rules();
    }

    /** Returns the rules on the given link, with the proxy's. */
    public RuleSet on(VethPair veth) {
        List<Rule> rules = new ArrayList<>(forwarded);
        policy.proxyPort()
                .ifPresent(port -> rules.add(
                        Rule.of(Rule.Kind.PROXY, Protocol.TCP, veth.hostAddress(), port, "proxy(" + port + ")")));
        return RuleSet.of(veth, rules, policy.limits());
    }
}
