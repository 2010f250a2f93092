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
            "AUDIT",
            "CHECKSUM",
            "CLASSIFY",
            "CONNSECMARK",
            "DSCP",
            "HMARK",
            "IDLETIMER",
            "LED",
            "NETMAP",
            "NFQUEUE",
            "QUEUE",
            "RATEEST",
            "SECMARK",
            "SET",
            "SYNPROXY",
            "TCPMSS",
            "TCPOPTSTRIP",
            "TEE",
            "TOS",
            "TPROXY",
            "TRACE",
            "NAT",
            "standard");

    private static final Set<String> FOREIGN_TARGETS4 = Set.of("CLUSTERIP", "ECN", "TTL", "ULOG");
    private static final Set<String> FOREIGN_TARGETS6 = Set.of("DNPT", "HL", "SNPT");
    private static final Set<String> FOREIGN_MATCHES = Set.of(
            "bpf",
            "cgroup",
            "cluster",
            "connbytes",
            "connlabel",
            "cpu",
            "devgroup",
            "dscp",
            "ecn",
            "esp",
            "helper",
            "ipcomp",
            "ipvs",
            "length",
            "mac",
            "nfacct",
            "osf",
            "pkttype",
            "policy",
            "quota",
            "rateest",
            "recent",
            "rpfilter",
            "socket",
            "standard",
            "statistic",
            "string",
            "tcpmss",
            "time",
            "tos",
            "u32",
            "ah");
    private static final Set<String> FOREIGN_MATCHES4 = Set.of("realm", "ttl");
    private static final Set<String> FOREIGN_MATCHES6 =
            Set.of("dst", "eui64", "frag", "hbh", "hl", "ipv6header", "mh", "rt", "srh");

    private static final Map<String, Module<Match>> MATCHES = new HashMap<>();
    private static final Map<String, Module<Target>> TARGETS = new HashMap<>();

    static {
        List<Module<Match>> matches = new ArrayList<>(PortMatches.modules());
        matches.addAll(TcpMatch.modules());
        matches.addAll(IcmpMatch.modules());
        matches.addAll(ConntrackMatch.modules());
        matches.addAll(MarkMatches.modules());
        matches.addAll(AddressMatches.modules());
        matches.addAll(LimitMatch.modules());
        matches.addAll(ConnlimitMatch.modules());
        matches.addAll(HashlimitMatch.modules());
        matches.addAll(SocketMatches.modules());
        matches.addAll(SetMatch.modules());
        matches.forEach(module -> MATCHES.put(module.name(), module));
        List<Module<Target>> targets = new ArrayList<>(MarkTargets.modules());
        targets.addAll(NatTargets.modules());
        targets.addAll(RejectTarget.modules());
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

    /** Returns the name under which a match is loaded. */
    static String alias(String word) {
        return word.equals("icmpv6") || word.equals("ipv6-icmp") ? "icmp6" : word;
    }

    private static boolean isForeignMatch(String name, Family family) {
        return FOREIGN_MATCHES.contains(name)
                || (family == Family.IPV4 ? FOREIGN_MATCHES4 : FOREIGN_MATCHES6).contains(name);
    }

    /** Returns whether iptables has a match of that name. */
    static boolean hasMatch(String word, Family family) {
        String name = alias(word);
        boolean other = name.equals(family == Family.IPV4 ? "icmp6" : "icmp");
        return !other && (MATCHES.containsKey(name) || isForeignMatch(name, family));
    }

    static Module<Match> match(String word, Family family) {
        String name = alias(word);
        if (!hasMatch(word, family)) {
            throw RuleProblem.refused(word, "no match by that name");
        }
        if (!MATCHES.containsKey(name)) {
            throw RuleProblem.unknown(word, "match");
        }
        return MATCHES.get(name);
    }

    private static boolean isForeignTarget(String name, Family family) {
        return FOREIGN_TARGETS.contains(name)
                || (family == Family.IPV4 ? FOREIGN_TARGETS4 : FOREIGN_TARGETS6).contains(name);
    }

    /** Returns whether iptables has a target of that name. */
    static boolean isTarget(String name, Family family) {
        return TARGETS.containsKey(name) || isForeignTarget(name, family);
    }

    /** Returns the target called {@code name}; empty where that has to be a chain. */
    static Optional<Module<Target>> target(String name, Family family) {
        if (isForeignTarget(name, family)) {
            throw RuleProblem.unknown(name, "target");
        }
        return Optional.ofNullable(TARGETS.get(name));
    }
}
