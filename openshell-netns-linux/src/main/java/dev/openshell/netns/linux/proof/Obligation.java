package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.diagram.Diagram;
import java.util.Locale;

/**
 * One thing to prove: at one hook the rules treat each packet as they should.
 *
 * @param place such as {@code host ipv4 filter FORWARD}
 * @param space the packets
 * @param meaning the rules
 * @param chain the built-in chain
 * @param ours the chain of this project's that it has to jump to before others' rules, or an empty string
 * @param expected the verdict that each packet should have
 * @param domain 1 for the packets that this is about
 * @param atMost whether it is enough that nothing gets through which should not
 */
record Obligation(
        String place,
        Space space,
        Meaning meaning,
        String chain,
        String ours,
        Diagram expected,
        Diagram domain,
        boolean atMost) {
    /** Returns the place of a hook, or a table and chain, at one end of a link; {@code end} may be empty. */
    static String place(String end, Family family, String hook) {
        return (end + " " + family.name().toLowerCase(Locale.ROOT) + " " + hook).strip();
    }

    /** Returns the same of {@code other} rules, those that are there when the link comes up. */
    Obligation early(Meaning other, Diagram packets) {
        return new Obligation(place + " when the link comes up", space, other, chain, ours, expected, packets, true);
    }

    /** Returns whether nothing gets through, which is at most what should. */
    boolean isClosed(Diagram actual) {
        return atMost
                && space.and(space.diagrams().test(actual, Verdicts::passes), domain)
                        == space.diagrams().always(0);
    }

    Diagram actual() {
        return ours.isEmpty() ? meaning.hook(chain, domain) : meaning.hook(chain, ours, domain);
    }

    Meaning.Decision decide(long[] packet) {
        return meaning.decide(chain, ours, packet);
    }

    String verdict(int verdict) {
        return meaning.name(verdict);
    }
}
