package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.plan.Action.Where;
import dev.openshell.netns.linux.proof.Proof;
import dev.openshell.netns.linux.proof.Rulesets;
import dev.openshell.netns.linux.rules.CountedRules;
import dev.openshell.netns.linux.rules.HostDrift;
import dev.openshell.netns.linux.rules.HostRules;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Keeps the rules of one sandbox on the host as they were loaded, whatever others do to the host's tables. */
public final class Upkeep {
    private static final int TRIES = 3;
    private static final String OFF = "0";

    private final Kernel kernel;
    private final IptablesVariant variant;
    private final RuleSet ruleSet;
    private final Plan plan;
    private final HostState before;
    private final Map<Family, String> loaded = new EnumMap<>(Family.class);
    private final Map<String, Long> counted = new HashMap<>();

    private Upkeep(Kernel kernel, HostState before, Plan plan, RuleSet ruleSet) {
        this.kernel = kernel;
        this.variant = before.variant();
        this.before = before;
        this.plan = plan;
        this.ruleSet = ruleSet;
    }

    /** Returns that of {@code plan}, which was carried out on a host that was {@code before}. */
    static Upkeep of(Kernel kernel, HostState before, Plan plan, RuleSet ruleSet) {
        Upkeep upkeep = new Upkeep(kernel, before, plan, ruleSet);
        before.rules().keySet().forEach(family -> upkeep.loaded.put(family, ""));
        for (Plan.Step step : plan.steps()) {
            if (step.action() instanceof Action.Load load && step.name().equals(Planner.ALLOW)) {
                upkeep.loaded.put(load.family(), load.text());
            }
        }
        return upkeep;
    }

    private Map<String, Set<String>> guards(Family family) {
        return plan.guards().getOrDefault(family, Map.of());
    }

    /** The rules of a host namespace at one moment, with counters. */
    public static final class Reading {
        private final Map<Family, CountedRules> rules = new EnumMap<>(Family.class);
        private final Map<Family, HostDrift> drift = new EnumMap<>(Family.class);

        private Reading() {}

        /** Reads those of the namespace of descriptor {@code host}. */
        public static Reading of(Kernel kernel, int host, IptablesVariant variant, Deadline deadline) {
            Reading reading = new Reading();
            // Refuses what makes rules count for nothing though they are there, such as a dormant table.
            kernel.iptables(host, variant, deadline);
            for (Family family : HostState.families(HostState.hasIpv6(kernel, host))) {
                CountedRules counted = new CountedRules(kernel.saveCounted(host, family, variant, deadline));
                reading.rules.put(family, counted);
                reading.drift.put(family, new HostDrift(counted.text()));
            }
            return reading;
        }
    }

    /** Returns what is not as it was loaded, empty where all is. */
    public Optional<String> drift(Reading reading) {
        for (Map.Entry<Family, String> each : loaded.entrySet()) {
            Family family = each.getKey();
            HostDrift there = reading.drift.get(family);
            Optional<String> found = there == null
                    ? Optional.of("is gone from the kernel")
                    : there.of(link(), each.getValue(), guards(family));
            if (found.isPresent()) {
                return Optional.of(family + ": " + found.get());
            }
        }
        return Optional.empty();
    }

    /** Returns how many packets each limit has dropped since the last time, those that dropped none left out. */
    public Map<String, Long> limited(Reading reading) {
        Map<String, Long> now = new LinkedHashMap<>();
        for (CountedRules rules : reading.rules.values()) {
            rules.limited(link()).forEach((limit, packets) -> now.merge(limit, packets, Long::sum));
        }
        Map<String, Long> more = new LinkedHashMap<>();
        now.forEach((limit, packets) -> {
            long before = counted.getOrDefault(limit, 0L);
            // Rules that were loaded again count from zero.
            long dropped = packets >= before ? packets - before : packets;
            if (dropped > 0) {
                more.put(limit, dropped);
            }
            counted.put(limit, packets);
        });
        return more;
    }

    /**
     * Loads the rules again, and proves that what is there then admits exactly what the policy allows. Until then the
     * host forwards nothing that comes from inside: it might leave with the sandbox's own source address.
     *
     * @param host descriptor of the host's namespace
     * @throws NetnsException when they can't be made whole
     */
    public void repair(int host, Deadline deadline) {
        // Before the lock, which may take its time.
        forward(host, false);
        for (int tries = 1; ; tries++) {
            try (Kernel.Lock lock = kernel.lock(host, deadline)) {
                kernel.iptables(host, variant, deadline);
                loaded.forEach((family, text) -> reload(host, family, text, deadline));
                prove(host, deadline);
                forward(host, true);
                return;
            } catch (KernelException | VerificationException e) {
                // Somebody may have changed them once more.
                if (tries == TRIES) {
                    throw PlanExecutor.failure("load the rules again", link(), e);
                }
            }
        }
    }

    /** Has the host forward what comes in on the link, where it does by that link's own setting, or nothing. */
    public void forward(int host, boolean on) {
        String place = "/conf/" + link() + "/";
        for (Plan.Step step : plan.steps()) {
            if (step.action() instanceof Action.SetSysctl sysctl
                    && sysctl.where() == Where.HOST
                    && sysctl.key().contains(place)
                    && sysctl.key().endsWith("forwarding")) {
                kernel.writeSysctl(host, sysctl.key(), on ? sysctl.value() : OFF);
            }
        }
    }

    /** The deny first. */
    private void reload(int host, Family family, String text, Deadline deadline) {
        load(host, family, new HostDrift(save(host, family, deadline)).withoutStrangers(), deadline);
        boolean withNat = ruleSet.veth().network(family).isPresent();
        load(host, family, HostRules.of(save(host, family, deadline)).standing(withNat), deadline);
        HostRules now = HostRules.of(save(host, family, deadline));
        guards(family).forEach((uplink, notes) -> notes.stream()
                .filter(note -> !now.guards().getOrDefault(uplink, List.of()).contains(note))
                .forEach(note -> load(host, family, HostRules.guard(uplink, note), deadline)));
        load(host, family, now.without(Set.of(link())), deadline);
        load(host, family, text, deadline);
    }

    private void prove(int host, Deadline deadline) {
        Rulesets there = new Rulesets();
        for (Plan.Step step : plan.steps()) {
            if (step.action() instanceof Action.Load load && load.where() == Where.SANDBOX) {
                there.sandbox(load.family(), load.text());
            }
        }
        loaded.keySet().forEach(family -> there.host(family, save(host, family, deadline)));
        plan.forwarding().forEach((family, links) -> links.forEach(each -> there.guarded(family, each)));
        Proof.ofLoaded(ruleSet, plan.rulesets(before), there);
    }

    private String save(int host, Family family, Deadline deadline) {
        return kernel.save(host, family, variant, deadline);
    }

    private void load(int host, Family family, String text, Deadline deadline) {
        if (!text.isEmpty()) {
            kernel.restore(host, family, variant, text, true, deadline);
        }
    }

    /** Takes the link down: nothing passes any more. */
    public void seal(int host) {
        Netlink.sendIfThere(kernel, host, Rtnetlink.setUp(plan.link().host().index(), link(), false));
    }

    private String link() {
        return ruleSet.veth().hostInterface();
    }
}
