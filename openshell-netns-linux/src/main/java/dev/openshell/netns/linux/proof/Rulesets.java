package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.linux.ruleset.Ruleset;
import dev.openshell.netns.linux.ruleset.UnknownTokenException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The rules of both ends of a link, as the texts make them that are loaded one after the other. */
public final class Rulesets {
    private static final String REMEDY = "take it out of the rules, or report it";

    private final Map<Family, Ruleset> sandbox = new EnumMap<>(Family.class);
    private final Map<Family, Ruleset> host = new EnumMap<>(Family.class);
    private final Map<Family, Set<String>> guarded = new EnumMap<>(Family.class);
    private final Map<Family, Ruleset> sandboxAtUp = new EnumMap<>(Family.class);
    private final Map<Family, Ruleset> hostAtUp = new EnumMap<>(Family.class);

    /**
     * Loads {@code text} into the sandbox's rules, in place of what is there.
     *
     * @throws VerificationException for a line that is none of those known
     */
    public void sandbox(Family family, String text) {
        load("sandbox", sandbox(family), text, false);
    }

    /**
     * Loads {@code text} into the host's rules, beside what is there.
     *
     * @throws VerificationException for a line that is none of those known
     */
    public void host(Family family, String text) {
        load("host", host(family), text, true);
    }

    private static void load(String end, Ruleset rules, String text, boolean keep) {
        try {
            rules.load(text, keep);
        } catch (UnknownTokenException e) {
            String place = Obligation.place(end, rules.family(), "");
            throw VerificationException.unknown(place, e.token(), e.line(), REMEDY);
        }
    }

    /**
     * Says that forwarding is switched on for what comes in on {@code link}, which is to be for sandboxes alone; an
     * empty name is every interface.
     */
    public void guarded(Family family, String link) {
        guarded.computeIfAbsent(family, each -> new TreeSet<>()).add(link);
    }

    /** Says that the link comes up: from here on packets pass, and the rest is loaded while they do. */
    public void up() {
        for (Family family : Family.values()) {
            if (knows(family)) {
                sandboxAtUp.put(family, sandbox(family).copy());
                hostAtUp.put(family, host(family).copy());
            }
        }
    }

    /** Returns the sandbox's rules as they were when the link came up, empty where that was not said. */
    Optional<Ruleset> sandboxAtUp(Family family) {
        return Optional.ofNullable(sandboxAtUp.get(family));
    }

    /** Returns the host's. */
    Optional<Ruleset> hostAtUp(Family family) {
        return Optional.ofNullable(hostAtUp.get(family));
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
