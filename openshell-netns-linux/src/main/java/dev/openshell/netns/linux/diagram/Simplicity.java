package dev.openshell.netns.linux.diagram;

import java.util.List;

/** What makes a packet simpler than another: for each field, sets of values of which an earlier one is simpler. */
public interface Simplicity {
    /**
     * Returns the sets of values of {@code field} in the order in which they are tried, and within a set the lower one
     * first; together they hold all values. {@code packet} has the fields before that one.
     */
    List<Ranges> of(int field, long[] packet);

    /** Returns the simplest of {@code values}. */
    static long simplest(List<Ranges> order, Ranges values) {
        for (Ranges candidates : order) {
            Ranges both = candidates.and(values);
            if (!both.isEmpty()) {
                return both.from(0);
            }
        }
        throw new IllegalArgumentException("no packet");
    }
}
