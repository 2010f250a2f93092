package dev.openshell.netns.linux.proof;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.AddressKind;
import dev.openshell.netns.DirectHost;
import dev.openshell.netns.DnsServer;
import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;

/** What to add to a policy so that it allows a flow, as builder calls, or why nothing can. */
final class Advice {
    private static final int UDP = 17;

    private Advice() {}

    static String of(Flow flow, InetAddress address, RuleSet rules, boolean host, SandboxPolicy policy) {
        AddressKind kind = AddressKind.of(address);
        String shown = InetAddresses.toAddrString(address);
        int port = flow.port().orElse(0);
        boolean onLink = rules.veth().network().at(1).equals(address);
        if (host) {
            return onLink && flow.protocol() == Space.TCP && port > 0
                    ? proxy(port, rules)
                    : "nothing can: of the host itself a sandbox reaches the proxy's port on its link alone";
        }
        if (!kind.listable()) {
            String name = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
            return "nothing can: " + shown + (kind == AddressKind.UNSPECIFIED ? " is an " : " is a ") + name
                    + " address";
        }
        if (rules.veth()
                .network(Family.of(address))
                .filter(own -> own.contains(address))
                .isPresent()) {
            return "nothing can: " + shown + " is nobody's on the sandbox's own link";
        }
        if (policy.linkPool().contains(address)) {
            return "nothing can where " + shown + " is another sandbox's, of whose pool it is";
        }
        boolean dnsPort = port == DnsServer.PORT;
        if (policy.publicOnly() && kind != AddressKind.PUBLIC && !dnsPort) {
            return "nothing can under publicOnly(): " + shown + " is private";
        }
        if (flow.port().isPresent() && port == 0) {
            return "nothing can: port 0 is on no list";
        }
        if (flow.protocol() != Space.TCP && flow.protocol() != UDP) {
            return "nothing can: only TCP is opened, and UDP for DNS";
        }
        String dns = "allowDns(\"" + shown + "\")";
        if (flow.protocol() == UDP) {
            return port == DnsServer.PORT ? dns : "nothing can: UDP is opened for DNS alone, on port " + DnsServer.PORT;
        }
        String direct =
                "directTcp(\"" + flow.host() + "\"" + (port == DirectHost.DEFAULT_PORT ? ")" : ", " + port + ")");
        return port == DnsServer.PORT ? dns + " or " + direct : direct;
    }

    private static String proxy(int port, RuleSet rules) {
        Optional<Rule> other = rules.rules().stream()
                .filter(rule -> rule.kind() == Rule.Kind.PROXY)
                .findFirst();
        return "proxy(" + port + ")"
                + other.map(rule -> " in place of " + rule.origin()).orElse("");
    }
}
