package dev.openshell.netns.linux.diagram;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** For how many packets functions are not 0. What was counted is kept: the functions of one proof share most parts. */
final class Counts {
    private final long[] greatest;
    /** For how many values of the field that a diagram asks for, and of all later ones, it is not 0. */
    private final Map<Diagram, BigInteger> known = new HashMap<>();
    /** How many values the fields from the first index to before the second one have together. */
    private final @Nullable BigInteger[][] spans;

    Counts(long[] greatest) {
        this.greatest = greatest;
        this.spans = new BigInteger[greatest.length + 1][greatest.length + 1];
    }

    BigInteger of(Diagram diagram) {
        return from(0, diagram);
    }

    /** Returns for how many values of the fields from {@code first} on it is not 0. */
    private BigInteger from(int first, Diagram diagram) {
        if (diagram.isLeaf()) {
            return diagram.value == 0 ? BigInteger.ZERO : span(first, greatest.length);
        }
        BigInteger below = known.get(diagram);
        if (below == null) {
            below = branches(diagram);
            known.put(diagram, below);
        }
        return first == diagram.field ? below : below.multiply(span(first, diagram.field));
    }

    private BigInteger branches(Diagram diagram) {
        BigInteger sum = BigInteger.ZERO;
        long from = 0;
        for (int i = 0; i < diagram.branches.length; i++) {
            BigInteger each = from(diagram.field + 1, diagram.branches[i]);
            if (each.signum() != 0) {
                sum = sum.add(each.multiply(size(from, diagram.upTo[i])));
            }
            from = diagram.upTo[i] + 1;
        }
        return sum;
    }

    private BigInteger span(int first, int end) {
        BigInteger before = spans[first][end];
        if (before != null) {
            return before;
        }
        BigInteger span = first == end ? BigInteger.ONE : span(first, end - 1).multiply(size(0, greatest[end - 1]));
        spans[first][end] = span;
        return span;
    }

    private static BigInteger size(long from, long to) {
        long less = to - from;
        BigInteger unsigned = BigInteger.valueOf(less & Long.MAX_VALUE);
        return (less < 0 ? unsigned.setBit(Long.SIZE - 1) : unsigned).add(BigInteger.ONE);
    }
}
