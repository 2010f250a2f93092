package dev.openshell.netns.linux.report;

import com.google.common.net.InetAddresses;
import com.google.common.net.InternetDomainName;
import dev.openshell.netns.Family;
import dev.openshell.netns.PolicyReport.Finding;
import dev.openshell.netns.PolicyReport.Kind;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import dev.openshell.netns.linux.resolve.NameFacts;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What follows from how listed names became addresses: rules go by address, and by what it was at that time. */
final class NameFindings {
    /** A TTL in seconds that a name has whose addresses change, or are about to. */
    private static final long SHORT_TTL = 300;

    private static final String USE_PROXY = " Where that is too much, have its clients use a proxy, which sees names.";

    /** The addresses of each listed name, without a last dot, in the policy's order. Literal addresses are no names. */
    private final Map<String, Set<InetAddress>> names = new LinkedHashMap<>();

    private final Map<String, NameFacts> facts = new LinkedHashMap<>();

    NameFindings(ResolvedPolicy resolved) {
        resolved.hosts().forEach((host, addresses) -> {
            if (!InetAddresses.isInetAddress(host)) {
                String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
                names.computeIfAbsent(name, one -> new LinkedHashSet<>()).addAll(addresses);
                facts.put(name, resolved.facts().getOrDefault(host, NameFacts.none(host)));
            }
        });
    }

    /** Returns a finding for each address that serves several names, and for each name that others serve. */
    List<Finding> shared() {
        List<Finding> findings = new ArrayList<>();
        namesByAddress().forEach((address, served) -> {
            if (served.size() > 1) {
                findings.add(shared(
                        address,
                        String.join(" and ", served) + " share this address: each can be reached on the other's ports"
                                + " too, and so can whatever else is served there."));
            }
            Cdns.range(address)
                    .ifPresent(range -> findings.add(shared(
                            address,
                            "An address of " + String.join(" and ", served) + " in " + range.cidr() + ", from which "
                                    + range.network() + " serves all of its customers: any of them may be reached.")));
        });
        facts.forEach((name, known) -> known.canonicalName()
                .filter(canonical -> !domain(known.name()).equals(domain(canonical)))
                .ifPresent(canonical -> findings.add(new Finding(
                        Kind.SHARED_ADDRESS,
                        name,
                        "It is served by " + canonical + ", in another's domain, who may serve others from the same"
                                + " addresses: they may be reached too." + USE_PROXY))));
        return findings;
    }

    private static Finding shared(InetAddress address, String text) {
        return new Finding(Kind.SHARED_ADDRESS, InetAddresses.toAddrString(address), text + USE_PROXY);
    }

    private Map<InetAddress, Set<String>> namesByAddress() {
        Map<InetAddress, Set<String>> served = new LinkedHashMap<>();
        names.forEach((name, addresses) -> addresses.forEach(address ->
                served.computeIfAbsent(address, one -> new LinkedHashSet<>()).add(name)));
        return served;
    }

    /** Returns a finding for each name whose addresses seem to change, with what speaks for it. */
    List<Finding> rotating() {
        List<Finding> findings = new ArrayList<>();
        for (String name : names.keySet()) {
            List<String> evidence = evidence(names.get(name), facts.get(name));
            if (!evidence.isEmpty()) {
                findings.add(new Finding(
                        Kind.ROTATING_NAME,
                        name,
                        "It " + String.join(", ", evidence) + ". Names are resolved once, when the policy is applied:"
                                + " addresses that it gets later stay closed, and those that it had may become"
                                + " another's. Apply the policy again to follow it."));
            }
        }
        return findings;
    }

    private static List<String> evidence(Set<InetAddress> addresses, NameFacts known) {
        List<String> evidence = new ArrayList<>();
        for (Family family : Family.values()) {
            long count = addresses.stream()
                    .filter(address -> Family.of(address) == family)
                    .count();
            if (count > 1) {
                evidence.add("has " + count + (family == Family.IPV4 ? " IPv4" : " IPv6") + " addresses");
            }
        }
        known.ttlSeconds().ifPresent(ttl -> {
            if (ttl <= SHORT_TTL) {
                evidence.add("was answered with a TTL of " + ttl + " s");
            }
        });
        known.canonicalName().ifPresent(canonical -> Cdns.network(canonical)
                .ifPresent(network -> evidence.add("is an alias of " + network + "'s " + canonical)));
        return evidence;
    }

    /**
     * Returns the part of a name that its owner registered: one label under what the public suffix list has, else the
     * last two labels.
     */
    private static String domain(String name) {
        if (InternetDomainName.isValid(name)) {
            InternetDomainName valid = InternetDomainName.from(name);
            if (valid.isUnderRegistrySuffix()) {
                return valid.topDomainUnderRegistrySuffix().toString();
            }
        }
        // A dot behind a backslash is part of a label.
        String[] labels = name.split("(?<!\\\\)\\.");
        return labels.length < 2 ? name : labels[labels.length - 2] + "." + labels[labels.length - 1];
    }
}
