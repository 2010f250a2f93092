package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.Family;
import dev.openshell.netns.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What the library's rules are made of, a rule or two for each. */
enum Feature {
    TABLES("table", "iptable_raw iptable_nat iptable_filter nf_tables nft_compat"),
    TCP("match", "xt_tcpudp", "FORWARD -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP"),
    UDP("match", "xt_tcpudp", "FORWARD -p udp -m udp --dport 53 -j DROP"),
    CONNTRACK(
            "match",
            "xt_conntrack nf_conntrack",
            "FORWARD -m conntrack --ctstate NEW,ESTABLISHED --ctproto 6 --ctorigsrc %1$s --ctorigdst %2$s"
                    + " --ctorigdstport 443 --ctdir ORIGINAL -j ACCEPT"),
    COMMENT("match", "xt_comment", "FORWARD -p tcp -m comment --comment \"probe(1)\" -j ACCEPT"),
    CONNLIMIT(
            "match",
            "xt_connlimit nf_conncount",
            "FORWARD -m connlimit --connlimit-above 1024 --connlimit-mask %3$d --connlimit-daddr -j DROP"),
    HASHLIMIT(
            "match",
            "xt_hashlimit",
            "FORWARD -m hashlimit --hashlimit-above 256/sec --hashlimit-burst 512 --hashlimit-mode dstip,dstport"
                    + " --hashlimit-name osh-probe --hashlimit-htable-size 256 --hashlimit-htable-max 16384"
                    + " --hashlimit-htable-gcinterval 10000 --hashlimit-htable-expire 10000 -j DROP"),
    REJECT(
            "target",
            "ipt_REJECT ip6t_REJECT nft_reject_inet",
            "OUTPUT -p tcp -j REJECT --reject-with tcp-reset",
            "OUTPUT -j REJECT --reject-with %4$s"),
    MASQUERADE("target", "xt_MASQUERADE nft_masq nft_chain_nat", "POSTROUTING -j MASQUERADE");

    private static final String RAW_AND_NAT =
            "*raw\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n*nat\n:POSTROUTING ACCEPT [0:0]\n";
    private static final String FILTER =
            "COMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";

    private static final String NFT =
            "nf_tables nft_ct nft_limit nft_connlimit nft_masq nft_chain_nat nft_reject_ipv4 nft_reject_ipv6";

    private final String kind;
    private final String modules;
    private final List<String> rules;

    Feature(String kind, String modules, String... rules) {
        this.kind = kind;
        this.modules = modules;
        this.rules = List.of(rules);
    }

    String checkName() {
        return this == TABLES ? "tables" : kind + "." + name().toLowerCase(Locale.ROOT);
    }

    /** Returns what it is, for people. */
    String what() {
        if (this == TABLES) {
            return "a table (raw, nat or filter)";
        }
        return "the " + kind + " " + (kind.equals("target") ? name() : name().toLowerCase(Locale.ROOT));
    }

    /** Returns whether a sandbox with these limits has such a rule. */
    boolean isNeeded(Limits limits) {
        return switch (this) {
            case CONNLIMIT -> limits.connections().isPresent();
            case HASHLIMIT -> limits.connectionsPerSecond().isPresent();
            default -> true;
        };
    }

    /**
     * Returns the command that loads the kernel's part.
     *
     * @param nft whether it is that of nf_tables itself
     */
    String module(boolean nft) {
        boolean limit = isLimit();
        return "modprobe -a " + (nft ? NFT : modules) + "  # on the host, where this is a container"
                + (limit ? "; or leave it out with unlimited()" : "");
    }

    /** Returns iptables-restore input with this feature's rules and nothing else. */
    String text(Family family) {
        return text(family, Stream.of(this));
    }

    /** Returns whether it is one that drops what is too much. */
    boolean isLimit() {
        return this == CONNLIMIT || this == HASHLIMIT;
    }

    /** Returns iptables-restore input with all of {@code features}. */
    static String all(Family family, List<Feature> features) {
        return text(family, features.stream());
    }

    private static String text(Family family, Stream<Feature> features) {
        boolean ipv4 = family == Family.IPV4;
        List<String> nat = new ArrayList<>();
        List<String> filter = new ArrayList<>();
        features.flatMap(feature -> feature.rules.stream()).forEach(rule -> {
            String line = "-A "
                    + rule.formatted(
                            ipv4 ? "10.200.0.2" : "2001:db8::2",
                            ipv4 ? "203.0.113.10" : "2001:db8::10",
                            family.bits(),
                            ipv4 ? "icmp-port-unreachable" : "icmp6-port-unreachable")
                    + "\n";
            (rule.startsWith("POSTROUTING") ? nat : filter).add(line);
        });
        return RAW_AND_NAT + String.join("", nat) + FILTER + String.join("", filter) + "COMMIT\n";
    }
}
