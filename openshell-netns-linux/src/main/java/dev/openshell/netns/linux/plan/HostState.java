package dev.openshell.netns.linux.plan;

import com.google.common.collect.Interner;
import com.google.common.collect.Interners;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.rules.HostRules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the host namespace holds at one moment, read under its lock.
 *
 * @param links the interfaces
 * @param occupied the networks of all addresses and routes but default ones
 * @param ipv6 whether the kernel has IPv6
 * @param rules the rules of each family that the kernel has
 */
record HostState(
        List<Answers.Link> links,
        List<Cidr> occupied,
        boolean ipv6,
        IptablesVariant variant,
        Map<Family, HostRules> rules) {

    /** All sandboxes of a host remember the same. */
    private static final Interner<String> TEXTS = Interners.newWeakInterner();

    static HostState read(Kernel kernel, int namespace, IptablesVariant wanted, Deadline deadline) {
        IptablesVariant variant = kernel.iptables(namespace, wanted, deadline);
        boolean ipv6 = hasIpv6(kernel, namespace);
        Map<Family, HostRules> rules = new LinkedHashMap<>();
        kernel.save(namespace, families(ipv6), variant, deadline)
                .forEach((family, text) -> rules.put(family, HostRules.of(text)));
        return new HostState(
                links(kernel, namespace, deadline), occupied(kernel, namespace, ipv6, deadline), ipv6, variant, rules);
    }

    /**
     * Returns what of it is still asked for once a sandbox is made, in little room however many others there are: the
     * rules but for those of other sandboxes.
     */
    HostState remembered() {
        Map<Family, HostRules> others = new LinkedHashMap<>();
        rules.forEach((family, each) -> others.put(family, HostRules.of(TEXTS.intern(each.withoutSandboxes()))));
        return new HostState(List.of(), List.of(), ipv6, variant, others);
    }

    static boolean hasIpv6(Kernel kernel, int namespace) {
        return kernel.readSysctl(namespace, "net/ipv6/conf/all/disable_ipv6").isPresent();
    }

    static List<Family> families(boolean ipv6) {
        return ipv6 ? List.of(Family.IPV4, Family.IPV6) : List.of(Family.IPV4);
    }

    static List<Answers.Link> links(Kernel kernel, int namespace, Deadline deadline) {
        return Netlink.dump(kernel, namespace, Rtnetlink.dumpLinks(), deadline).links();
    }

    private static List<Cidr> occupied(Kernel kernel, int namespace, boolean ipv6, Deadline deadline) {
        List<Cidr> occupied = new ArrayList<>();
        for (Answers.InterfaceAddress address : Netlink.dump(kernel, namespace, Rtnetlink.dumpAddresses(), deadline)
                .addresses()) {
            occupied.add(Cidr.of(address.address(), address.prefix()));
        }
        for (Family family : families(ipv6)) {
            occupied.addAll(Netlink.dump(kernel, namespace, Rtnetlink.dumpRoutes(family), deadline)
                    .routes());
        }
        return occupied;
    }

    /** Returns the interfaces' indexes by name. */
    Map<String, Integer> indexes() {
        Map<String, Integer> indexes = new LinkedHashMap<>();
        links.forEach(link -> indexes.put(link.name(), link.index()));
        return indexes;
    }

    /** Returns whether an interface or rules have this name. */
    boolean taken(String name) {
        return indexes().containsKey(name)
                || rules.values().stream().anyMatch(family -> family.links().contains(name));
    }

    /** Returns what overlaps {@code network}. */
    Set<String> overlapping(Cidr network) {
        Set<String> overlapping = new TreeSet<>();
        occupied.stream().filter(network::overlaps).forEach(taken -> overlapping.add(taken.toString()));
        return overlapping;
    }

    /** Returns the links that have rules and are no more: their owner died. */
    Set<String> dead() {
        Set<String> dead = new TreeSet<>();
        rules.values().forEach(family -> dead.addAll(family.links()));
        dead.removeAll(indexes().keySet());
        return dead;
    }
}
