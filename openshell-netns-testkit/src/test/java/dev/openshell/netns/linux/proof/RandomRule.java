package dev.openshell.netns.linux.proof;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Rules of all shapes about what a policy names, and what is beside it. */
final class RandomRule {
    private static final List<String> STATES = List.of("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED");
    private static final List<String> FLAGS = List.of("FIN", "SYN", "RST", "PSH", "ACK", "URG");
    private static final List<String> REJECTS =
            List.of("", " --reject-with icmp-host-prohibited", " --reject-with icmp-port-unreachable");
    private static final List<String> REJECTS6 =
            List.of("", " --reject-with icmp6-adm-prohibited", " --reject-with icmp6-no-route");

    private final Family family;
    private final Random random;
    private final List<String> addresses = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>(List.of(0, 53, 443, 65535));
    private final List<String> links =
            new ArrayList<>(List.of("lo", "eth0", "uplink0", "wlan0", "osh-zz", "osh-+", "os+", "ppp+", "eth1", "e+"));

    RandomRule(RuleSet rules, Family family, Random random) {
        this.family = family;
        this.random = random;
        for (Rule rule : rules.rules(family)) {
            addresses.add(InetAddresses.toAddrString(rule.address()));
            ports.add(rule.port());
        }
        rules.veth().network(family).ifPresent(network -> {
            addresses.add(InetAddresses.toAddrString(network.at(1)));
            addresses.add(InetAddresses.toAddrString(network.at(2)));
            addresses.add(InetAddresses.toAddrString(network.at(2)));
        });
        addresses.add(family == Family.IPV4 ? "203.0.113.9" : "2001:db8::9");
        String own = rules.veth().hostInterface();
        links.addAll(List.of(own, own, own.substring(0, own.length() - 1) + "+", own + "+"));
    }

    private <T> T any(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    private String maybeNot() {
        return random.nextInt(3) == 0 ? " !" : "";
    }

    String near(String network) {
        String address = random.nextBoolean() ? network.split("/")[0] : any(addresses);
        byte[] raw = InetAddresses.forString(address).getAddress();
        BigInteger number = new BigInteger(1, raw).add(BigInteger.valueOf(random.nextInt(3) - 1));
        number = number.mod(BigInteger.ONE.shiftLeft(raw.length * 8));
        String moved = InetAddresses.toAddrString(
                family == Family.IPV4
                        ? InetAddresses.fromIPv4BigInteger(number)
                        : InetAddresses.fromIPv6BigInteger(number));
        int bits = family.bits();
        int prefix = random.nextInt(3) > 0 ? bits : any(List.of(bits - 1, bits - 2, bits - 8, bits / 2, 1, 0));
        return moved + (prefix == bits && random.nextBoolean() ? "" : "/" + prefix);
    }

    String ports(String now) {
        int port = random.nextInt(3) == 0 && now.matches("[0-9]+") ? Integer.parseInt(now) : any(ports);
        int moved = Math.min(Math.max(port + random.nextInt(3) - 1, 0), 65535);
        return switch (random.nextInt(6)) {
            case 0 -> moved + ":" + Math.min(moved + random.nextInt(3), 65535);
            case 1 -> ":" + moved;
            case 2 -> moved + ":";
            default -> "" + moved;
        };
    }

    String protocol() {
        return any(List.of("6", "17", family == Family.IPV4 ? "1" : "58", "132", "0", "136", "47"));
    }

    String states() {
        return some(STATES);
    }

    String flags() {
        return random.nextInt(4) == 0 ? "ALL" : some(FLAGS);
    }

    String link() {
        return any(links);
    }

    private String some(List<String> all) {
        List<String> some = all.stream().filter(each -> random.nextInt(5) < 2).toList();
        return some.isEmpty() ? any(all) : String.join(",", some);
    }

    String target(List<String> chains) {
        String with = any(family == Family.IPV4 ? REJECTS : REJECTS6);
        return switch (random.nextInt(10)) {
            case 0, 1, 2 -> " -j ACCEPT";
            case 3 -> " -j DROP";
            case 4, 5 -> " -j RETURN";
            case 6 -> " -j REJECT" + with;
            case 7 -> random.nextInt(3) == 0 ? " -j LOG --log-prefix \"a b\" --log-level 4" : " -j MASQUERADE";
            default -> chains.isEmpty() ? "" : lead(any(chains));
        };
    }

    String lead(String chain) {
        return (random.nextInt(3) == 0 ? " -g " : " -j ") + chain;
    }

    /** Returns no matches to four. */
    String matches() {
        StringBuilder text = new StringBuilder();
        for (String option : List.of("-s", "-d")) {
            text.append(random.nextInt(4) > 0 ? "" : maybeNot() + " " + option + " " + near(any(addresses)));
        }
        for (String option : List.of("-i", "-o")) {
            text.append(random.nextInt(4) > 0 ? "" : maybeNot() + " " + option + " " + link());
        }
        switch (random.nextInt(7)) {
            case 0, 1 -> text.append(overPorts(any(List.of("tcp", "udp", "sctp", "dccp"))));
            case 2 -> text.append(" -p ").append(any(List.of("tcp", "udplite", "all", "gre", "47", "0", "255")));
            case 3 ->
                text.append(" ! -p ").append(any(List.of("tcp", "udp", family == Family.IPV4 ? "icmp" : "ipv6-icmp")));
            case 4 -> text.append(icmp());
            default -> {}
        }
        if (random.nextInt(5) == 0) {
            text.append(range());
        }
        return text.append(random.nextInt(3) == 0 ? tracked() : "").toString();
    }

    private String overPorts(String protocol) {
        String text = " -p " + protocol;
        return text
                + switch (random.nextInt(5)) {
                    case 0 -> " -m " + protocol + maybeNot() + " --sport " + ports("");
                    case 1 ->
                        " -m " + protocol + maybeNot() + " --dport " + ports("") + maybeNot() + " --sport " + ports("");
                    case 2 ->
                        " -m multiport" + maybeNot() + " " + any(List.of("--sports", "--dports", "--ports")) + " "
                                + any(ports) + "," + any(ports) + "," + any(ports);
                    case 3 ->
                        protocol.equals("tcp")
                                ? " -m tcp" + maybeNot()
                                        + any(List.of(" --syn", " --tcp-flags " + flags() + " " + flags()))
                                : " -m " + protocol + " --dport " + ports("");
                    default -> " -m " + protocol + maybeNot() + " --dport " + ports("");
                };
    }

    private String icmp() {
        boolean four = family == Family.IPV4;
        String type = four
                ? any(List.of("any", "8", "0", "3/1", "8/0", "echo-request", "255", "13", "17/3"))
                : any(List.of("128", "129", "1/0", "128/0", "echo-reply", "255", "139"));
        return (four ? " -p icmp -m icmp" : " -p ipv6-icmp -m icmp6")
                + maybeNot()
                + (four ? " --icmp-type " : " --icmpv6-type ")
                + type;
    }

    private String range() {
        String from = near(any(addresses)).split("/")[0];
        String to = near(any(addresses)).split("/")[0];
        String both = from + "-" + (random.nextInt(3) == 0 ? from : to);
        return " -m iprange" + maybeNot() + any(List.of(" --src-range ", " --dst-range ")) + both;
    }

    /** Returns a match of the flow, with one option or several. */
    String tracked() {
        StringBuilder text = new StringBuilder(" -m conntrack");
        int length = text.length();
        if (random.nextInt(3) > 0) {
            text.append(maybeNot()).append(" --ctstate ").append(states());
        }
        if (random.nextInt(4) == 0) {
            text.append(maybeNot()).append(" --ctproto ").append(protocol());
        }
        for (String option : List.of("--ctorigsrc", "--ctorigdst")) {
            text.append(random.nextInt(5) > 0 ? "" : maybeNot() + " " + option + " " + near(any(addresses)));
        }
        if (random.nextInt(4) == 0) {
            text.append(maybeNot()).append(" --ctorigdstport ").append(ports(""));
        }
        if (random.nextInt(3) == 0 || text.length() == length) {
            text.append(" --ctdir ").append(any(List.of("ORIGINAL", "REPLY")));
        }
        return text.toString();
    }
}
