package dev.openshell.netns.testkit.conntrack;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.conntrack.FakeRouter.Rule;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.NatRange;
import java.util.ArrayList;
import java.util.List;

/** A nat table for both routers: as iptables-restore lines and as rules of the fake. */
final class NatRules {
    private static final int ANY = -1;
    private static final int GRE = 47;
    private static final int PRIVATE = 253;

    private final Family family;
    private final List<String> lines = new ArrayList<>(List.of("*nat"));
    private final List<Rule> rules = new ArrayList<>();

    NatRules(Family family, boolean some) {
        this.family = family;
        int icmp = family == Family.IPV4 ? 1 : 58;
        if (some) {
            destination(2, 3, 6, 2001, 4, 2002);
            destination(2, 3, 17, ANY, 4, 0);
            destination(2, 2, icmp, ANY, 4, 0);
            destination(2, 2, PRIVATE, ANY, 3, 0);
            destination(1, 2, 17, 2002, 4, 2001);
            source(1, 3, 6, 5, 2001, 2002);
            source(1, 4, 6, 5, 2001, 2002);
            source(1, 3, 17, 5, 0, 0);
            source(1, 4, 17, 5, 2001, 2001);
            source(1, 2, icmp, 5, 0, 0);
            source(1, 3, GRE, 5, 0, 0);
            source(1, 3, PRIVATE, 5, 0, 0);
            source(1, 4, 33, 5, 0, 0);
            source(1, 4, 136, 5, 0, 0);
        }
        lines.add("COMMIT");
    }

    List<String> lines() {
        return lines;
    }

    /** Returns the lines of a filter table that refuses TCP and UDP to a port. */
    static List<String> rejects() {
        return List.of(
                "*filter",
                "-A FORWARD -p tcp --dport 2002 -j REJECT --reject-with tcp-reset",
                "-A FORWARD -p udp --dport 2002 -j REJECT",
                "COMMIT");
    }

    List<Rule> rules() {
        return rules;
    }

    private void destination(int net, int host, int protocol, int port, int toHost, int toPort) {
        Ip from = ip(net, host);
        Ip to = ip(net, toHost);
        rules.add(new Rule(
                false,
                header -> header.destination().equals(from)
                        && header.protocol() == protocol
                        && (port == ANY || header.destinationPort() == port),
                NatRange.of(to, toPort, toPort)));
        lines.add("-A PREROUTING -d " + from + " -p " + protocol + (port == ANY ? "" : " --dport " + port)
                + " -j DNAT --to-destination " + withPorts(to, toPort == 0 ? "" : ":" + toPort));
    }

    private void source(int net, int host, int protocol, int toHost, int minPort, int maxPort) {
        Ip from = ip(net, host);
        Ip to = ip(2, toHost);
        rules.add(new Rule(
                true,
                header -> header.source().equals(from) && header.protocol() == protocol,
                NatRange.of(to, minPort, maxPort)));
        lines.add("-A POSTROUTING -s " + from + " -p " + protocol + " -j SNAT --to-source "
                + withPorts(to, minPort == 0 ? "" : ":" + minPort + "-" + maxPort));
    }

    private static String withPorts(Ip address, String ports) {
        return address.family() == Family.IPV6 && !ports.isEmpty() ? "[" + address + "]" + ports : address + ports;
    }

    private Ip ip(int net, int host) {
        return Ip.parse(family == Family.IPV4 ? "10.200." + net + "." + host : "2001:db8:" + net + "::" + host);
    }
}
