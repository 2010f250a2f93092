package dev.openshell.netns.linux.plan;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import java.net.InetAddress;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** The host's interfaces through which destinations are reached, and on which their replies come in. */
final class Uplinks {
    private final Kernel kernel;
    private final int namespace;

    Uplinks(Kernel kernel, int namespace) {
        this.kernel = kernel;
        this.namespace = namespace;
    }

    /**
     * Returns the uplinks of all forwarded destinations, by family; a family without such destinations is left out.
     * Where the host translates destinations, a flow may leave towards any address that it translates to.
     */
    Map<Family, Set<String>> of(RuleSet rules, HostState host) {
        Map<Family, Set<InetAddress>> destinations = new EnumMap<>(Family.class);
        for (Rule rule : rules.rules()) {
            if (rule.kind() != Rule.Kind.PROXY) {
                destinations
                        .computeIfAbsent(rule.family(), family -> new LinkedHashSet<>())
                        .add(rule.address());
            }
        }
        Map<Family, Set<String>> uplinks = new EnumMap<>(Family.class);
        destinations.forEach((family, addresses) -> {
            host.rules().get(family).dnatTargets(family).stream()
                    .filter(InetAddresses::isInetAddress)
                    .map(InetAddresses::forString)
                    .filter(address -> Family.of(address) == family)
                    .forEach(addresses::add);
            uplinks.put(family, names(addresses, host));
        });
        return uplinks;
    }

    private Set<String> names(Set<InetAddress> addresses, HostState host) {
        Set<Integer> indexes = new TreeSet<>();
        for (InetAddress address : addresses) {
            outgoing(Netlink.exchange(kernel, namespace, Rtnetlink.getRoute(address)))
                    .ifPresent(indexes::add);
        }
        Set<String> names = new TreeSet<>();
        for (int index : indexes) {
            host.around()
                    .name(index)
                    .filter(name -> !name.equals("lo") && !name.startsWith(VethPair.HOST_PREFIX))
                    .ifPresent(names::add);
        }
        return names;
    }

    /** Returns where a packet leaves by the route that was answered. A refusal is the answer "no route", of some kind. */
    static OptionalInt outgoing(Answers answers) {
        return answers.failures().isEmpty() && !answers.outgoing().isEmpty()
                ? answers.outgoing().get(0)
                : OptionalInt.empty();
    }
}
