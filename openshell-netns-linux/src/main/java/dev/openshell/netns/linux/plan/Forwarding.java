package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.plan.Action.Where;
import dev.openshell.netns.linux.plan.Plan.Step;
import dev.openshell.netns.linux.rules.HostRules;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Forwarding for a sandbox's flows: where they come in, on its link, and where their replies come in.
 *
 * <p>Each interface that is switched on gets a guard first, a rule that drops what comes in there and does not go to a
 * sandbox: the host becomes no router for its neighbours. The guard is also the record, for whichever process removes
 * the last sandbox, of what has to be put back.
 */
final class Forwarding {
    /**
     * What is written into an interface's IPv4 forwarding, of which the kernel only asks whether it is zero. Whoever
     * else switches it on writes 1, and then it is theirs and stays.
     */
    private static final String OURS = "2";

    /** The name of the steps that load guards. */
    static final String GUARD = "guard the uplink";

    private static final String IPV4_NOTE = "forwarding-0";
    private static final String FORCE_NOTE = "force_forwarding-0";
    private static final String ALL_NOTE = "all.forwarding-0";
    private static final String ACCEPT_RA_NOTE = "accept_ra-1";
    private static final String ALL_IPV6 = "net/ipv6/conf/all/forwarding";

    private final Kernel kernel;
    private final int namespace;
    private final List<Step> steps = new ArrayList<>();

    private Forwarding(Kernel kernel, int namespace) {
        this.kernel = kernel;
        this.namespace = namespace;
    }

    /** Finds out what has to be switched on for {@code rules}, whose replies come in on {@code uplinks}. */
    static Forwarding forRules(
            Kernel kernel, int namespace, RuleSet rules, HostState host, Map<Family, Set<String>> uplinks) {
        Forwarding forwarding = new Forwarding(kernel, namespace);
        String link = rules.veth().hostInterface();
        if (uplinks.containsKey(Family.IPV4)) {
            forwarding.set(ipv4(link), "1");
            for (String uplink : uplinks.get(Family.IPV4)) {
                forwarding.ipv4Uplink(uplink, host.rules().get(Family.IPV4));
            }
        }
        if (uplinks.containsKey(Family.IPV6) && !forwarding.is(ALL_IPV6, "1")) {
            HostRules rules6 = host.rules().get(Family.IPV6);
            if (kernel.readSysctl(namespace, force("all")).isPresent()) {
                forwarding.set(force(link), "1");
                uplinks.get(Family.IPV6).forEach(uplink -> forwarding.ipv6Uplink(uplink, rules6));
            } else {
                forwarding.allIpv6(host.around().names(), rules6);
            }
        }
        return forwarding;
    }

    /** Returns what is switched on for {@code rules} at least, on a host that is not known. */
    static List<Step> least(RuleSet rules) {
        List<Step> steps = new ArrayList<>();
        String link = rules.veth().hostInterface();
        for (Family family : Family.values()) {
            if (rules.rules(family).stream().anyMatch(rule -> rule.kind() != Rule.Kind.PROXY)) {
                steps.add(on(family == Family.IPV4 ? ipv4(link) : force(link), "1"));
            }
        }
        return steps;
    }

    List<Step> switchOn() {
        return List.copyOf(steps);
    }

    private void ipv4Uplink(String uplink, HostRules rules) {
        boolean off = is(ipv4(uplink), "0");
        if (off || is(ipv4(uplink), OURS)) {
            // Also where it is on for other sandboxes already: somebody may have taken the guard away.
            guard(Family.IPV4, uplink, IPV4_NOTE, rules);
        }
        if (off) {
            set(ipv4(uplink), OURS);
        }
    }

    /** force_forwarding (Linux 6.17) forwards on one interface and leaves its router advertisements alone. */
    private void ipv6Uplink(String uplink, HostRules rules) {
        if (is(force(uplink), "0")) {
            guard(Family.IPV6, uplink, FORCE_NOTE, rules);
            set(force(uplink), "1");
        }
    }

    /**
     * Before that, IPv6 forwards everywhere or nowhere, and a forwarding host drops the default routes it learnt unless
     * its interfaces' accept_ra is 2.
     */
    private void allIpv6(Collection<String> interfaces, HostRules rules) {
        guard(Family.IPV6, "", ALL_NOTE, rules);
        for (String name : interfaces) {
            if (is(acceptRa(name), "1")) {
                guard(Family.IPV6, name, ACCEPT_RA_NOTE, rules);
                set(acceptRa(name), "2");
            }
        }
        set(ALL_IPV6, "1");
    }

    private void guard(Family family, String link, String note, HostRules rules) {
        if (!rules.guards().getOrDefault(link, List.of()).contains(note)) {
            steps.add(Step.of(
                    GUARD,
                    link.isEmpty() ? "all interfaces" : link,
                    new Action.Load(Where.HOST, family, HostRules.guard(link, note))));
        }
    }

    private void set(String key, String value) {
        steps.add(on(key, value));
    }

    private static Step on(String key, String value) {
        return Step.of("switch forwarding on", key, new Action.SetSysctl(Where.HOST, key, value));
    }

    /**
     * Puts back what {@code guards} have on record, where nobody else has set it since; and IPv4's on any of {@code
     * links}, where the value is record enough.
     */
    static void putBack(Kernel kernel, int namespace, Map<String, Set<String>> guards, Collection<String> links) {
        Forwarding forwarding = new Forwarding(kernel, namespace);
        boolean everywhere = guards.getOrDefault("", Set.of()).contains(ALL_NOTE);
        if (everywhere && forwarding.is(ALL_IPV6, "1")) {
            kernel.writeSysctl(namespace, ALL_IPV6, "0");
        }
        guards.forEach((link, notes) -> notes.forEach(note -> forwarding.putBack(link, note)));
        links.forEach(link -> forwarding.putBack(link, IPV4_NOTE));
    }

    private void putBack(String link, String note) {
        switch (note) {
            case IPV4_NOTE -> replace(ipv4(link), OURS, "0");
            case FORCE_NOTE -> {
                if (is(force("all"), "0")) {
                    replace(force(link), "1", "0");
                }
            }
            case ACCEPT_RA_NOTE -> replace(acceptRa(link), "2", "1");
            default -> {}
        }
    }

    private void replace(String key, String expected, String value) {
        if (is(key, expected)) {
            kernel.writeSysctl(namespace, key, value);
        }
    }

    private boolean is(String key, String value) {
        return kernel.readSysctl(namespace, key).filter(value::equals).isPresent();
    }

    private static String ipv4(String link) {
        return "net/ipv4/conf/" + link + "/forwarding";
    }

    private static String force(String link) {
        return "net/ipv6/conf/" + link + "/force_forwarding";
    }

    private static String acceptRa(String link) {
        return "net/ipv6/conf/" + link + "/accept_ra";
    }
}
