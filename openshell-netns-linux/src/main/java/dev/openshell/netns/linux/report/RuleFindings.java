package dev.openshell.netns.linux.report;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.AddressKind;
import dev.openshell.netns.PolicyReport.Finding;
import dev.openshell.netns.PolicyReport.Kind;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What follows from what is opened, whatever it is called. */
final class RuleFindings {
    private RuleFindings() {}

    static List<Finding> openResolvers(RuleSet rules) {
        return of(rules, Rule.Kind.DNS)
                .map(Rule::address)
                .distinct()
                .map(address -> new Finding(
                        Kind.OPEN_RESOLVER,
                        InetAddresses.toAddrString(address),
                        "If this resolver answers for every name, data can be carried out in the names that it is asked"
                                + " for. Allow one that answers for the names that are needed and no others, or none."))
                .toList();
    }

    static List<Finding> proxy(RuleSet rules) {
        return of(rules, Rule.Kind.PROXY)
                .map(rule -> new Finding(
                        Kind.PROXY,
                        rule.origin(),
                        "Whatever the proxy reaches for its clients can be reached through it, listed or not."
                                + " Have it refuse what this sandbox must not reach."))
                .toList();
    }

    static List<Finding> privateAddresses(RuleSet rules, ResolvedPolicy resolved) {
        return Stream.concat(of(rules, Rule.Kind.DNS), of(rules, Rule.Kind.DIRECT))
                .map(Rule::address)
                .distinct()
                .filter(address -> AddressKind.of(address) == AddressKind.PRIVATE)
                .map(address -> privateAddress(address, rules, resolved))
                .toList();
    }

    private static Finding privateAddress(InetAddress address, RuleSet rules, ResolvedPolicy resolved) {
        List<String> hosts = resolved.hosts().entrySet().stream()
                .filter(host -> host.getValue().contains(address))
                .map(host -> "directTcp of " + host.getKey())
                .toList();
        Set<String> openedBy = new TreeSet<>();
        of(rules, Rule.Kind.DNS)
                .filter(rule -> rule.address().equals(address))
                .forEach(rule -> openedBy.add(rule.origin()));
        List<String> all = new ArrayList<>(openedBy);
        all.addAll(hosts);
        return new Finding(
                Kind.PRIVATE_ADDRESS,
                InetAddresses.toAddrString(address),
                "Opened by " + String.join(" and ", all)
                        + ", it leads into a private network. Check that what answers there is meant to be reached"
                        + (hosts.isEmpty() ? "." : "; publicOnly() refuses private addresses of listed hosts."));
    }

    private static Stream<Rule> of(RuleSet rules, Rule.Kind kind) {
        return rules.rules().stream().filter(rule -> rule.kind() == kind);
    }
}
