package dev.openshell.netns.linux.diagram;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One operation on pairs of diagrams, with what it found out so far. */
abstract class Pairs {
    /** An odd number near 2^64 divided by the golden ratio: pairs of near numbers get keys whose hashes are far apart. */
    static final long SPREAD = 0x9e3779b97f4a7c15L;

    private final Diagrams diagrams;
    private final Map<Long, Diagram> found = new HashMap<>();
    /** The pair that was asked for last: with a list of addresses the same one comes again and again. */
    private @Nullable Diagram lastOne;

    private @Nullable Diagram lastOther;
    private @Nullable Diagram lastResult;

    Pairs(Diagrams diagrams) {
        this.diagrams = diagrams;
    }

    /** Returns the result where the two need not be looked into. */
    abstract @Nullable Diagram known(Diagram one, Diagram other);

    Diagram of(Diagram one, Diagram other) {
        Diagram known = known(one, other);
        if (known != null) {
            return known;
        }
        if (one == lastOne && other == lastOther && lastResult != null) {
            return lastResult;
        }
        long key = ((long) one.id << 32 | other.id & 0xffffffffL) * SPREAD;
        Diagram result = found.get(key);
        if (result == null) {
            result = branches(one, other);
            found.put(key, result);
            diagrams.spend(Diagrams.PAIR);
        }
        lastOne = one;
        lastOther = other;
        lastResult = result;
        return result;
    }

    private Diagram branches(Diagram one, Diagram other) {
        int field = Math.min(one.field, other.field);
        Diagrams.Builder node = diagrams.builder(field, one.branches.length + other.branches.length + 1);
        int i = 0;
        int j = 0;
        long last = diagrams.greatest(field);
        while (true) {
            long upToOne = one.field == field ? one.upTo[i] : last;
            long upToOther = other.field == field ? other.upTo[j] : last;
            int order = Long.compareUnsigned(upToOne, upToOther);
            long upTo = order < 0 ? upToOne : upToOther;
            Diagram branch =
                    of(one.field == field ? one.branches[i] : one, other.field == field ? other.branches[j] : other);
            node.add(upTo, branch);
            if (upTo == last) {
                return node.build();
            }
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }
    }
}
