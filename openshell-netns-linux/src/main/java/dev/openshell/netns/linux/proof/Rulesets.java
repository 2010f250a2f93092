package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.ruleset.Ruleset;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The rules of both ends of a link, as the texts make them that are loaded one after the other. */
public final class Rulesets {
    private final Map<Family, Ruleset> sandbox = new EnumMap<>(Family.class);
    private final Map<Family, Ruleset> host = new EnumMap<>(Family.class);
    private final Map<Family, Set<String>> guarded = new EnumMap<>(Family.class);

    /** Loads {@code text} into the sandbox's rules, in place of what is there. */
    public void sandbox(Family family, String text) {
        sandbox(family).load(text, false);
    }

    /** Loads {@code text} into the host's rules, beside what is there. */
    public void host(Family family, String text) {
        host(family).load(text, true);
    }

    /**
     * Says that forwarding is switched on for what comes in on {@code link}, which is to be for sandboxes alone; an
     * empty name is every interface.
     */
    public void guarded(Family family, String link) {
        guarded.computeIfAbsent(family, each -> new TreeSet<>()).add(link);
    }

    boolean knows(Family family) {
        return sandbox.containsKey(family) || host.containsKey(family);
    }

    Ruleset sandbox(Family family) {
        return sandbox.computeIfAbsent(family, Ruleset::new);
    }

    Ruleset host(Family family) {
        return host.computeIfAbsent(family, Ruleset::new);
    }

    Set<String> guarded(Family family) {
        return guarded.getOrDefault(family, Set.of());
    }
}
