package dev.openshell.netns.linux.rules;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** Compiles to iptables-restore input in iptables-save's canonical form. */
public final class IptablesCompiler implements RuleCompiler {
    /** {@inheritDoc} Loaded without {@code --noflush}. */
    @Override
    public String sandbox(RuleSet rules, Family family) {
        VethPair veth = rules.veth();
        String link = veth.sandboxInterface();
        List<String> lines = new ArrayList<>(List.of(
                "*filter",
                ":INPUT DROP [0:0]",
                ":FORWARD DROP [0:0]",
                ":OUTPUT DROP [0:0]",
                Line.in("INPUT").incoming("lo").jump("ACCEPT")));
        if (veth.network(family).isPresent()) {
            lines.add(Line.in("INPUT")
                    .incoming(link)
                    .match("conntrack", "--ctstate", "RELATED,ESTABLISHED", "--ctdir", "REPLY")
                    .jump("ACCEPT"));
        }
        lines.add(Line.in("INPUT").jump("DROP"));
        lines.add(Line.in("FORWARD").jump("DROP"));
        lines.add(Line.in("OUTPUT").outgoing("lo").jump("ACCEPT"));
        lines.addAll(LimitRules.sandbox(rules, family));
        for (Rule rule : rules.rules(family)) {
            lines.add(Line.in("OUTPUT")
                    .destination(rule.address())
                    .outgoing(link)
                    .protocol(rule.protocol().toString())
                    .match(rule.protocol().toString(), "--dport", Integer.toString(rule.port()))
                    .comment(rule.origin())
                    .jump("ACCEPT"));
        }
        lines.add(Line.in("OUTPUT").protocol("tcp").jump("REJECT", "--reject-with", "tcp-reset"));
        lines.add(Line.in("OUTPUT").jump("REJECT", "--reject-with", unreachable(family)));
        lines.add("COMMIT");
        return text(lines);
    }

    /** {@inheritDoc} Loaded with {@code --noflush}. */
    @Override
    public String host(RuleSet rules, Family family, String owner) {
        if (rules.veth().network(family).isEmpty()) {
            return "";
        }
        List<String> lines = new ArrayList<>(raw(rules, family, owner));
        lines.addAll(nat(rules, family));
        lines.addAll(filter(rules, family));
        return text(lines);
    }

    private static List<String> raw(RuleSet rules, Family family, String owner) {
        VethPair veth = rules.veth();
        String own = Line.in(Chains.SOURCE)
                .source(sandboxAddress(veth, family))
                .incoming(veth.hostInterface())
                .comment(owner)
                .jump("RETURN");
        return List.of("*raw", own.replaceFirst("-A (\\S+)", "-I $1 1"), "COMMIT");
    }

    private static List<String> nat(RuleSet rules, Family family) {
        VethPair veth = rules.veth();
        List<Rule> forwarded = forwarded(rules, family);
        if (forwarded.isEmpty()) {
            return List.of();
        }
        List<String> lines = new ArrayList<>(List.of("*nat", ":" + Chains.nat(veth) + " - [0:0]"));
        for (Rule rule : forwarded) {
            lines.add(flow(Line.in(Chains.nat(veth)), rule, veth, "", "")
                    .comment(rule.origin())
                    .jump("MASQUERADE"));
        }
        lines.add(
                Line.in(Chains.POSTROUTING).source(sandboxAddress(veth, family)).jump(Chains.nat(veth)));
        lines.add("COMMIT");
        return lines;
    }

    private static List<String> filter(RuleSet rules, Family family) {
        VethPair veth = rules.veth();
        List<String> lines = new ArrayList<>(List.of(
                "*filter",
                ":" + Chains.from(veth) + " - [0:0]",
                ":" + Chains.local(veth) + " - [0:0]",
                ":" + Chains.to(veth) + " - [0:0]"));
        // A flow begins with a SYN: a packet from the middle of a forgotten one is not picked up again.
        lines.add(noMidStream(Chains.from(veth)));
        lines.addAll(LimitRules.host(Chains.from(veth), rules, family));
        lines.add(noMidStream(Chains.local(veth)));
        lines.addAll(LimitRules.host(Chains.local(veth), rules, family));
        for (Rule rule : rules.rules(family)) {
            if (rule.kind() == Rule.Kind.PROXY) {
                Line line =
                        Line.in(Chains.local(veth)).destination(rule.address()).protocol("tcp");
                line.match("tcp", "--dport", Integer.toString(rule.port()));
                lines.add(flow(line, rule, veth, "NEW,ESTABLISHED", "ORIGINAL")
                        .comment(rule.origin())
                        .jump("ACCEPT"));
            } else {
                Line line = Line.in(Chains.from(veth)).protocol(rule.protocol().toString());
                lines.add(flow(line, rule, veth, "NEW,ESTABLISHED", "ORIGINAL")
                        .comment(rule.origin())
                        .jump("ACCEPT"));
            }
        }
        for (Rule rule : rules.rules(family)) {
            Line line = Line.in(Chains.to(veth));
            lines.add(flow(line, rule, veth, "RELATED,ESTABLISHED", "REPLY")
                    .comment(rule.origin())
                    .jump("ACCEPT"));
        }
        InetAddress own = sandboxAddress(veth, family);
        String link = veth.hostInterface();
        lines.add(Line.in(Chains.FROM).source(own).incoming(link).jump(Chains.from(veth)));
        lines.add(Line.in(Chains.LOCAL).source(own).incoming(link).jump(Chains.local(veth)));
        lines.add(Line.in(Chains.TO).destination(own).outgoing(link).jump(Chains.to(veth)));
        lines.add("COMMIT");
        return lines;
    }

    /**
     * Appends a match on the flow's original tuple, which holds behind any NAT and judges each packet. The states keep
     * out what is only related to the flow, such as an ICMP error made inside.
     */
    private static Line flow(Line line, Rule rule, VethPair veth, String states, String direction) {
        List<String> options = new ArrayList<>(List.of("conntrack"));
        if (!states.isEmpty()) {
            options.addAll(List.of("--ctstate", states));
        }
        options.addAll(List.of(
                "--ctproto",
                Integer.toString(rule.protocol().number()),
                "--ctorigsrc",
                InetAddresses.toAddrString(sandboxAddress(veth, rule.family())),
                "--ctorigdst",
                InetAddresses.toAddrString(rule.address()),
                "--ctorigdstport",
                Integer.toString(rule.port())));
        if (!direction.isEmpty()) {
            options.addAll(List.of("--ctdir", direction));
        }
        return line.match(options.toArray(String[]::new));
    }

    private static String noMidStream(String chain) {
        return Line.in(chain)
                .protocol("tcp")
                .match("conntrack", "--ctstate", "NEW")
                .match("tcp", "!", "--tcp-flags", "FIN,SYN,RST,ACK", "SYN")
                .jump("DROP");
    }

    private static List<Rule> forwarded(RuleSet rules, Family family) {
        return rules.rules(family).stream()
                .filter(rule -> rule.kind() != Rule.Kind.PROXY)
                .toList();
    }

    private static InetAddress sandboxAddress(VethPair veth, Family family) {
        return veth.sandboxAddress(family).orElseThrow();
    }

    private static String unreachable(Family family) {
        return family == Family.IPV4 ? "icmp-port-unreachable" : "icmp6-port-unreachable";
    }

    static String text(List<String> lines) {
        return String.join("\n", lines) + "\n";
    }
}
