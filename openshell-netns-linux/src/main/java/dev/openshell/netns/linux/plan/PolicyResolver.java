package dev.openshell.netns.linux.plan;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.AddressKind;
import dev.openshell.netns.DirectHost;
import dev.openshell.netns.DnsServer;
import dev.openshell.netns.Family;
import dev.openshell.netns.HostResolver;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.resolve.NameFacts;
import dev.openshell.netns.linux.resolve.ResolvConf;
import dev.openshell.netns.linux.resolve.SystemResolver;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Turns the names of a policy into addresses, and keeps those out that must never be opened. */
public final class PolicyResolver {
    private static final String STEP = "resolve";

    private final HostResolver names;
    private final ResolvConf hostConf;
    private final Predicate<InetAddress> own;
    private final Predicate<InetAddress> routed;
    private final Deadline deadline;

    /**
     * Makes a resolver for one host namespace.
     *
     * @param names asked for each listed name
     * @param hostConf where {@code allowDnsFromHost} finds its nameserver
     * @param own whether an address is the host's own
     * @param routed whether the host has a route to an address
     */
    public PolicyResolver(
            HostResolver names,
            ResolvConf hostConf,
            Predicate<InetAddress> own,
            Predicate<InetAddress> routed,
            Deadline deadline) {
        this.names = names;
        this.hostConf = hostConf;
        this.own = own;
        this.routed = routed;
        this.deadline = deadline;
    }

    /**
     * Returns the policy with addresses.
     *
     * @throws NetnsException when a name has no address that can be opened, or a nameserver is the host itself
     */
    public ResolvedPolicy resolve(SandboxPolicy policy) {
        List<Rule> rules = new ArrayList<>();
        for (DnsServer server : nameservers(policy)) {
            for (Protocol protocol : Protocol.values()) {
                rules.add(Rule.of(Rule.Kind.DNS, protocol, server.address(), DnsServer.PORT, server.origin()));
            }
        }
        Map<String, List<InetAddress>> hosts = new LinkedHashMap<>();
        Map<String, NameFacts> facts = new LinkedHashMap<>();
        for (DirectHost host : policy.directHosts()) {
            List<InetAddress> addresses = reachable(addresses(host, policy.publicOnly(), facts));
            hosts.put(host.host(), addresses);
            for (InetAddress address : addresses) {
                for (int port : host.ports()) {
                    rules.add(Rule.of(Rule.Kind.DIRECT, Protocol.TCP, address, port, host.origin(port)));
                }
            }
        }
        return new ResolvedPolicy(policy, List.copyOf(rules), hosts, facts);
    }

    private List<DnsServer> nameservers(SandboxPolicy policy) {
        List<DnsServer> servers = new ArrayList<>(policy.dnsServers());
        if (policy.dnsFromHost()) {
            InetAddress found = hostConf.usableNameserver()
                    .orElseThrow(() -> failure(
                            "nameserver of the host",
                            "resolv.conf names none that another namespace can reach",
                            "name one with allowDns, or set OPENSHELL_DNS_SERVER",
                            null));
            servers.add(DnsServer.of(found, "allowDnsFromHost()"));
        }
        for (DnsServer server : servers) {
            if (own.test(server.address())) {
                throw failure(
                        "nameserver " + InetAddresses.toAddrString(server.address()),
                        "is an address of the host itself, which a sandbox can't reach",
                        "name the upstream server",
                        null);
            }
        }
        return servers;
    }

    private List<InetAddress> addresses(DirectHost host, boolean publicOnly, Map<String, NameFacts> facts) {
        deadline.check(STEP, host.host());
        Set<InetAddress> answers = new LinkedHashSet<>();
        host.literal().ifPresentOrElse(answers::add, () -> answers.addAll(lookup(host.host(), facts)));
        deadline.check(STEP, host.host());
        if (answers.isEmpty()) {
            throw failure(host.host(), "has no address", "check the name, or leave it out", null);
        }
        List<InetAddress> good = new ArrayList<>();
        List<String> bad = new ArrayList<>();
        for (InetAddress address : answers) {
            refusal(address, publicOnly)
                    .ifPresentOrElse(
                            reason -> bad.add(InetAddresses.toAddrString(address) + " is " + reason),
                            () -> good.add(address));
        }
        if (good.isEmpty()) {
            throw failure(
                    host.host(),
                    "has no address that may be opened: " + String.join(", ", bad),
                    "check what its nameserver answers, or leave it out",
                    null);
        }
        bad.forEach(reason -> log().log(System.Logger.Level.DEBUG, "{0}: not opened: {1}", host.host(), reason));
        return good;
    }

    private List<InetAddress> lookup(String name, Map<String, NameFacts> facts) {
        try {
            if (names instanceof SystemResolver system) {
                SystemResolver.Answer answer = system.answer(name);
                facts.put(name, answer.facts());
                return answer.addresses();
            }
            return names.resolve(name);
        } catch (IOException e) {
            throw failure(
                    name, "could not be resolved: " + e.getMessage(), "check the host's nameservers and the name", e);
        }
    }

    private Optional<String> refusal(InetAddress address, boolean publicOnly) {
        AddressKind kind = AddressKind.of(address);
        if (!kind.listable()) {
            return Optional.of("a " + kind.name().toLowerCase(Locale.ROOT).replace('_', '-') + " address");
        }
        if (own.test(address)) {
            return Optional.of("the host's own address");
        }
        if (publicOnly && kind != AddressKind.PUBLIC) {
            return Optional.of("a private address, refused by publicOnly()");
        }
        return Optional.empty();
    }

    /**
     * Returns the addresses of the families that the host has routes for. Opening the other would make programs try it
     * first and wait. Where the host has a route to none, all stay: one may come up later.
     */
    private List<InetAddress> reachable(List<InetAddress> addresses) {
        List<InetAddress> reached = addresses.stream().filter(routed).toList();
        if (reached.isEmpty()) {
            return addresses;
        }
        Set<Family> families = new HashSet<>();
        reached.forEach(address -> families.add(Family.of(address)));
        return addresses.stream()
                .filter(address -> families.contains(Family.of(address)))
                .toList();
    }

    private static NetnsException failure(String object, String reason, String remedy, @Nullable Throwable cause) {
        return new NetnsException(STEP, object, 0, reason, remedy, cause);
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static System.Logger log() {
        return System.getLogger(PolicyResolver.class.getName());
    }
}
