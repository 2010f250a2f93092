package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Leftover;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.rules.HostRules;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The rules that are to go from a host: those of some links, of links that are no more, and after the last one all. */
final class Removal {
    private final Kernel kernel;
    private final int namespace;
    private final IptablesVariant variant;
    private final Deadline deadline;
    private final Map<Family, HostRules> rules = new LinkedHashMap<>();
    private final Set<String> doomed = new TreeSet<>();
    private final Set<String> others = new TreeSet<>();
    private boolean last;

    private Removal(Kernel kernel, int namespace, IptablesVariant variant, Deadline deadline) {
        this.kernel = kernel;
        this.namespace = namespace;
        this.variant = variant;
        this.deadline = deadline;
    }

    /** Finds out what has to go with the rules of {@code links}. */
    static Removal of(
            Kernel kernel, int namespace, IptablesVariant variant, Collection<String> links, Deadline deadline) {
        Removal removal = new Removal(kernel, namespace, variant, deadline);
        List<Answers.Link> present = HostState.links(kernel, namespace, deadline);
        List<Family> families = HostState.families(HostState.hasIpv6(kernel, namespace));
        kernel.save(namespace, families, variant, deadline)
                .forEach((family, text) -> removal.rules.put(family, HostRules.of(text)));
        Set<String> ruled = new TreeSet<>();
        removal.rules.values().forEach(family -> ruled.addAll(family.links()));
        Set<String> alive = new TreeSet<>();
        for (Answers.Link link : present) {
            if (!link.name().startsWith(VethPair.HOST_PREFIX)) {
                removal.others.add(link.name());
            }
            // One that is up needs the standing deny, also if somebody took its own rules away.
            boolean open = link.up() && link.name().startsWith(VethPair.HOST_PREFIX);
            if (!links.contains(link.name()) && (open || ruled.contains(link.name()))) {
                alive.add(link.name());
            }
        }
        boolean wasHere = !links.isEmpty()
                || removal.rules.values().stream()
                        .anyMatch(family -> !family.withoutAny().isEmpty());
        if (!wasHere) {
            // Where nothing says that this library was ever here, what is set is somebody else's.
            removal.others.clear();
        }
        removal.doomed.addAll(ruled);
        removal.doomed.removeAll(alive);
        removal.last = alive.isEmpty();
        return removal;
    }

    /**
     * Loads what takes them away; {@code known} are guards that are or were there. A family whose forwarding can't be put
     * back keeps its rules, which guard it and say what it was.
     */
    void load(Map<Family, Map<String, Set<String>>> known) {
        Map<Family, String> texts = new EnumMap<>(Family.class);
        List<RuntimeException> failures = new ArrayList<>();
        rules.forEach((family, current) -> {
            try {
                if (last) {
                    putBack(family, current, known.getOrDefault(family, Map.of()));
                }
                String text = last ? current.withoutAny() : current.without(doomed);
                if (!text.isEmpty()) {
                    texts.put(family, text);
                }
            } catch (KernelException e) {
                failures.add(e);
            }
        });
        if (!texts.isEmpty()) {
            kernel.restore(namespace, texts, variant, true, deadline);
        }
        PlanExecutor.throwAny(failures);
    }

    private void putBack(Family family, HostRules current, Map<String, Set<String>> known) {
        Map<String, Set<String>> guards = new TreeMap<>();
        current.guards().forEach((link, notes) -> guards.put(link, new TreeSet<>(notes)));
        known.forEach((link, notes) ->
                guards.computeIfAbsent(link, each -> new TreeSet<>()).addAll(notes));
        Forwarding.putBack(kernel, namespace, guards, family == Family.IPV4 ? others : Set.of());
    }

    private String owner(String link) {
        return rules.values().stream()
                .flatMap(family -> Mark.ofRules(family.comment(link)).stream())
                .findFirst()
                .map(owner -> "process " + owner.pid())
                .orElse("");
    }

    List<Leftover> describe() {
        List<Leftover> found = new ArrayList<>();
        doomed.forEach(link -> found.add(new Leftover(Leftover.Kind.RULES, link, owner(link))));
        if (last) {
            Set<String> forwarding = new TreeSet<>();
            rules.values().forEach(family -> forwarding.addAll(family.guards().keySet()));
            forwarding.forEach(link ->
                    found.add(new Leftover(Leftover.Kind.FORWARDING, link.isEmpty() ? "all interfaces" : link, "")));
            if (doomed.isEmpty()
                    && rules.values().stream()
                            .anyMatch(family -> !family.withoutAny().isEmpty())) {
                found.add(new Leftover(Leftover.Kind.RULES, "no sandbox", ""));
            }
        }
        return found;
    }
}
