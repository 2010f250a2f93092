package dev.openshell.netns.linux.plan;

import com.google.common.collect.Interner;
import com.google.common.collect.Interners;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.rules.HostRules;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the host namespace holds at one moment, read under its lock.
 *
 * @param listed what was there when all was listed
 * @param around what a new link must not collide with
 * @param ruled the links that have rules
 * @param ipv6 whether the kernel has IPv6
 * @param rules the rules of each family that the kernel has; those of other sandboxes may be left out
 */
record HostState(
        Listed listed,
        Surroundings around,
        Set<String> ruled,
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
        Set<String> ruled = new TreeSet<>();
        rules.values().forEach(family -> ruled.addAll(family.links()));
        // After the rules: a link is there before its rules are.
        Listed listed = Listed.read(kernel, namespace, families(ipv6), deadline);
        return new HostState(listed, listed, ruled, ipv6, variant, rules);
    }

    /** Returns one of a host of which nothing is known. */
    static HostState unknown() {
        Map<Family, HostRules> none = new LinkedHashMap<>();
        families(true).forEach(family -> none.put(family, HostRules.of("")));
        return new HostState(Listed.NONE, Listed.NONE, Set.of(), true, IptablesVariant.AUTO, none);
    }

    /**
     * Returns what of it is still asked for once a sandbox is made, in little room however many others there are: the
     * rules but for those of other sandboxes.
     */
    HostState remembered() {
        Map<Family, HostRules> others = new LinkedHashMap<>();
        rules.forEach((family, each) -> {
            String rest = each.withoutSandboxes();
            others.put(family, rest.equals(each.text()) ? each : HostRules.of(TEXTS.intern(rest)));
        });
        return new HostState(Listed.NONE, Listed.NONE, Set.of(), ipv6, variant, others);
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

    /** Returns whether an interface or rules have this name. */
    boolean taken(String name) {
        return around.isTaken(name) || ruled.contains(name);
    }

    /** Returns the links that have rules and are no more: their owner died. */
    Set<String> dead() {
        Set<String> dead = new TreeSet<>(ruled);
        dead.removeAll(listed.names());
        return dead;
    }
}
