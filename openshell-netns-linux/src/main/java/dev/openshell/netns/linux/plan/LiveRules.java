package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Cidr;
import dev.openshell.netns.DnsServer;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.rules.HostRules;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What a live sandbox, of whatever process, may reach: read off the host's rules. */
public final class LiveRules {
    private static final Path PUBLISHED = Path.of("/run/netns");

    private LiveRules() {}

    /**
     * Returns what the sandbox {@code name}, its link's host end or its name under {@code /run/netns}, may reach.
     *
     * @throws NetnsException when there is no such sandbox
     */
    public static RuleSet of(Kernel kernel, int host, String name, Deadline deadline) {
        HostState state = HostState.read(kernel, host, IptablesVariant.AUTO, deadline);
        Set<String> links = new TreeSet<>();
        state.rules().values().forEach(rules -> links.addAll(rules.links()));
        if (links.contains(name)) {
            return read(name, state.rules());
        }
        Path published = PUBLISHED.resolve(name);
        if (!name.isEmpty() && name.indexOf('/') < 0 && Files.exists(published)) {
            Set<InetAddress> inside = inside(kernel, published, deadline);
            for (String link : links) {
                RuleSet rules = read(link, state.rules());
                if (inside.contains(rules.veth().sandboxAddress())) {
                    return rules;
                }
            }
        }
        throw new NetnsException(
                "find the sandbox",
                name,
                0,
                "no live sandbox of this host namespace has that name; there are " + links,
                "give the host end of its link, or its name under /run/netns",
                null);
    }

    private static Set<InetAddress> inside(Kernel kernel, Path published, Deadline deadline) {
        int sandbox = -1;
        try {
            sandbox = kernel.openNamespace(Optional.of(published));
            return new HostView(kernel, sandbox, deadline).addresses();
        } catch (KernelException e) {
            throw new NetnsException(
                    "find the sandbox",
                    published.toString(),
                    e.errno(),
                    "is no namespace that is seen from here: " + e.getMessage(),
                    "look from the mount namespace in which it was published, or give the host end of its link",
                    e);
        } finally {
            if (sandbox >= 0) {
                kernel.close(sandbox);
            }
        }
    }

    private static RuleSet read(String link, Map<Family, HostRules> saved) {
        List<Rule> rules = new ArrayList<>();
        VethPair.Builder veth = VethPair.builder().hostInterface(link);
        saved.forEach((family, host) -> {
            host.source(link).ifPresent(own -> {
                Cidr network =
                        Cidr.of(own, family == Family.IPV4 ? LinkAllocator.LINK_PREFIX : LinkAllocator.LINK_PREFIX6);
                if (family == Family.IPV4) {
                    veth.network(network);
                } else {
                    veth.network6(network);
                }
            });
            for (HostRules.Permission each : host.permissions(link)) {
                Protocol protocol = each.protocol() == Protocol.TCP.number() ? Protocol.TCP : Protocol.UDP;
                boolean dns = each.port() == DnsServer.PORT && each.comment().matches(".*(Dns|DNS).*");
                Rule.Kind kind = each.local() ? Rule.Kind.PROXY : dns ? Rule.Kind.DNS : Rule.Kind.DIRECT;
                rules.add(Rule.of(kind, protocol, each.address(), each.port(), each.comment()));
            }
        });
        return RuleSet.of(veth.build(), rules);
    }
}
