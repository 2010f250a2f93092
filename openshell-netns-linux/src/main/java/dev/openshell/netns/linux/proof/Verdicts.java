package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Explanation.Verdict;
import java.util.ArrayList;
import java.util.List;

/** What rules do with a packet, as numbers for diagrams; {@code REJECT} is told apart by what it answers. */
final class Verdicts {
    /** No rule decided: the next one may. */
    static final int NEXT = 0;

    /** A chain decides. */
    static final int JUMP = -1;

    static final int RETURN = 1;
    static final int ACCEPT = 2;
    static final int DROP = 3;
    static final int MASQUERADE = 4;

    private final List<String> names = new ArrayList<>(List.of("NEXT", "RETURN", "ACCEPT", "DROP", "MASQUERADE"));

    int rejected(String with) {
        String name = "REJECT " + with;
        if (!names.contains(name)) {
            names.add(name);
        }
        return names.indexOf(name);
    }

    /** Returns the number of a rule's target, or −1 where it is none of these. */
    int of(String target) {
        return switch (target) {
            case "RETURN" -> RETURN;
            case "ACCEPT" -> ACCEPT;
            case "DROP" -> DROP;
            case "MASQUERADE" -> MASQUERADE;
            default -> target.startsWith("REJECT ") ? rejected(target.substring("REJECT ".length())) : -1;
        };
    }

    String name(int verdict) {
        return verdict == NEXT ? "left to the rules of others" : names.get(verdict);
    }

    /** Returns whether a packet may get on with this verdict. */
    static boolean passes(int verdict) {
        return verdict == NEXT || verdict == RETURN || verdict == ACCEPT || verdict == MASQUERADE;
    }

    /** Returns the verdict as users see it. */
    static Verdict shown(int verdict) {
        return switch (verdict) {
            case NEXT, RETURN -> Verdict.NONE;
            case ACCEPT -> Verdict.ACCEPT;
            case DROP -> Verdict.DROP;
            case MASQUERADE -> Verdict.MASQUERADE;
            default -> Verdict.REJECT;
        };
    }
}
