package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** All matches and targets that are known here. */
final class Modules {
    /** Targets of iptables 1.8 that are not known here; whatever else a rule jumps to has to be a chain. */
    private static final Set<String> FOREIGN_TARGETS = Set.of(
            "AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNSECMARK", "DNPT", "DSCP", "ECN", "HL", "HMARK",
            "IDLETIMER", "LED", "NETMAP", "NFQUEUE", "QUEUE", "RATEEST", "SECMARK", "SET", "SNPT", "SYNPROXY", "TCPMSS",
            "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE", "TTL", "ULOG");

    private static final Map<String, Module<Match>> MATCHES = new HashMap<>();
    private static final Map<String, Module<Target>> TARGETS = new HashMap<>();

    static {
        List<Module<Match>> matches = new ArrayList<>(PortMatches.modules());
        matches.addAll(IcmpMatch.modules());
        matches.addAll(ConntrackMatch.modules());
        matches.addAll(MarkMatches.modules());
        matches.addAll(AddressMatches.modules());
        matches.addAll(LimitMatch.modules());
        matches.addAll(SocketMatches.modules());
        matches.addAll(SetMatch.modules());
        matches.forEach(module -> MATCHES.put(module.name(), module));
        List<Module<Target>> targets = new ArrayList<>(MarkTargets.modules());
        targets.addAll(NatTargets.modules());
        targets.addAll(OtherTargets.modules());
        targets.add(plain("ACCEPT", Outcome.ACCEPT));
        targets.add(plain("DROP", Outcome.DROP));
        targets.add(plain("RETURN", Outcome.RETURN));
        targets.forEach(module -> TARGETS.put(module.name(), module));
    }

    private Modules() {}

    private static Module<Target> plain(String name, Outcome outcome) {
        return Module.of(name, given -> new Target.Plain(name, outcome));
    }

    static Module<Match> match(String word, Family family) {
        String name = word.equals("icmpv6") || word.equals("ipv6-icmp") ? "icmp6" : word;
        Module<Match> module = MATCHES.get(name);
        boolean other = name.equals(family == Family.IPV4 ? "icmp6" : "icmp");
        if (module == null || other) {
            throw RuleProblem.unknown(word, "match");
        }
        return module;
    }

    /** Returns the target called {@code name}; empty where that has to be a chain. */
    static Optional<Module<Target>> target(String name) {
        if (FOREIGN_TARGETS.contains(name)) {
            throw RuleProblem.unknown(name, "target");
        }
        return Optional.ofNullable(TARGETS.get(name));
    }
}
