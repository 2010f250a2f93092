package dev.openshell.netns.linux.diagram;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Makes diagrams over packets of some fields, and works with them. All that it makes is kept, so that equal functions
 * are one object; it goes away as a whole. Not for several threads at once.
 *
 * <p>A field's values are unsigned 64-bit numbers up to its greatest one. Diagrams ask for fields in the order of their
 * indexes: the fewer values the later fields tell apart, the smaller they are.
 */
public final class Diagrams {
    /** About a quarter of a gigabyte, in units of a range, 16 bytes. */
    private static final int MOST = 1 << 24;

    /** What a diagram takes beside its ranges, and what a result of a pair does. */
    private static final int NODE = 9;

    static final int PAIR = 4;

    private final long[] greatest;
    private int spent;
    private final Map<Diagram, Diagram> unique = new HashMap<>(1024);
    private final Map<Integer, Diagram> leaves = new HashMap<>();
    private final Map<Integer, Pairs> overs = new HashMap<>();
    private final Map<Integer, Pairs> withins = new HashMap<>();
    private final Pairs differences = new Differences();
    private final Counts counts;

    /** Makes diagrams over fields with these greatest values. */
    public Diagrams(long... greatest) {
        this.greatest = greatest.clone();
        this.counts = new Counts(this.greatest);
    }

    /** Returns the function that is {@code value} for all packets. */
    public Diagram always(int value) {
        Diagram leaf = leaves.get(value);
        if (leaf == null) {
            leaf = new Diagram(Diagram.LEAF, new long[0], new Diagram[0], value, -1 - leaves.size());
            leaves.put(value, leaf);
        }
        return leaf;
    }

    /**
     * Returns the function that is {@code inside} where the field's value is among {@code values}, else {@code outside}.
     * Both ask for later fields only.
     */
    public Diagram where(int field, Ranges values, Diagram inside, Diagram outside) {
        if (inside == outside) {
            return inside;
        }
        Builder node = new Builder(field, 2 * values.size() + 1);
        long last = greatest[field];
        for (int i = 0; i < values.size() && Long.compareUnsigned(values.from(i), last) <= 0; i++) {
            if (values.from(i) != 0) {
                node.add(values.from(i) - 1, outside);
            }
            node.add(Long.compareUnsigned(values.to(i), last) < 0 ? values.to(i) : last, inside);
        }
        return node.end(outside);
    }

    /** Returns the function that for each key is its value where the field is that key, and 0 elsewhere. */
    public Diagram points(int field, SortedMap<Long, Diagram> points) {
        Builder node = new Builder(field, 2 * points.size() + 1);
        Diagram nothing = always(0);
        points.forEach((value, inside) -> {
            if (value != 0) {
                node.add(value - 1, nothing);
            }
            node.add(value, inside);
        });
        return node.end(nothing);
    }

    void spend(int units) {
        spent += units;
        if (spent > MOST) {
            throw new TooManyRegionsException();
        }
    }

    long greatest(int field) {
        return greatest[field];
    }

    Builder builder(int field, int most) {
        return new Builder(field, most);
    }

    /** Returns {@code first}, but {@code rest} where that is {@code hole}. */
    public Diagram over(Diagram first, Diagram rest, int hole) {
        Pairs over = overs.get(hole);
        if (over == null) {
            over = new Over(hole);
            overs.put(hole, over);
        }
        return over.of(first, rest);
    }

    private final class Over extends Pairs {
        private final int hole;

        Over(int hole) {
            super(Diagrams.this);
            this.hole = hole;
        }

        @Override
        @Nullable
        Diagram known(Diagram one, Diagram other) {
            if (one.isLeaf()) {
                return one.value == hole ? other : one;
            }
            if (!one.mayBe(hole)) {
                return one;
            }
            return one == other || other.isLeaf() && other.value == hole ? one : null;
        }
    }

    /** Returns {@code inner} where {@code condition} is not 0, and {@code hole} elsewhere. */
    public Diagram within(Diagram inner, Diagram condition, int hole) {
        return withins.computeIfAbsent(hole, Within::new).of(inner, condition);
    }

    private final class Within extends Pairs {
        private final Diagram nothing;

        Within(int hole) {
            super(Diagrams.this);
            this.nothing = always(hole);
        }

        @Override
        @Nullable
        Diagram known(Diagram one, Diagram other) {
            if (other.isLeaf()) {
                return other.value == 0 ? nothing : one;
            }
            return one == nothing ? nothing : null;
        }
    }

    /** Returns 1 where the two differ, and 0 elsewhere. */
    public Diagram difference(Diagram one, Diagram other) {
        return differences.of(one, other);
    }

    private final class Differences extends Pairs {
        Differences() {
            super(Diagrams.this);
        }

        @Override
        @Nullable
        Diagram known(Diagram one, Diagram other) {
            if (one == other) {
                return always(0);
            }
            return one.isLeaf() && other.isLeaf() ? always(1) : null;
        }
    }

    /** Returns the functions of {@code layers} one over the other: of each packet the first that is not {@code hole}. */
    public Diagram layers(List<Diagram> layers, int hole) {
        return new Layers(this, hole).of(layers);
    }

    /** Returns 1 where the value of {@code diagram} passes {@code test}, and 0 elsewhere. */
    public Diagram test(Diagram diagram, IntPredicate test) {
        return test(diagram, test, new HashMap<>());
    }

    private Diagram test(Diagram diagram, IntPredicate test, Map<Diagram, Diagram> known) {
        if (diagram.isLeaf()) {
            return always(test.test(diagram.value) ? 1 : 0);
        }
        Diagram before = known.get(diagram);
        if (before != null) {
            return before;
        }
        Builder node = new Builder(diagram.field, diagram.branches.length);
        for (int i = 0; i < diagram.branches.length; i++) {
            node.add(diagram.upTo[i], test(diagram.branches[i], test, known));
        }
        Diagram result = node.build();
        known.put(diagram, result);
        return result;
    }

    /** Returns 1 where {@code diagram} is not 0 for some values of {@code fields}, whatever those are; a bit for each. */
    public Diagram exists(Diagram diagram, int fields) {
        return exists(diagram, fields, new HashMap<>());
    }

    private Diagram exists(Diagram diagram, int fields, Map<Diagram, Diagram> known) {
        if (diagram.isLeaf()) {
            return always(diagram.value == 0 ? 0 : 1);
        }
        Diagram before = known.get(diagram);
        if (before != null) {
            return before;
        }
        Diagram result = always(0);
        Builder node = new Builder(diagram.field, diagram.branches.length);
        for (int i = 0; i < diagram.branches.length; i++) {
            Diagram branch = exists(diagram.branches[i], fields, known);
            result = over(result, branch, 0);
            node.add(diagram.upTo[i], branch);
        }
        result = (fields >> diagram.field & 1) != 0 ? result : node.build();
        known.put(diagram, result);
        return result;
    }

    /** Returns whether {@code diagram} is the same for all packets. */
    public boolean isConstant(Diagram diagram) {
        return diagram.isLeaf();
    }

    /** Returns the boxes of the fields from {@code first} to {@code last} in which the rest is not 0 everywhere. */
    public List<Region> split(Diagram diagram, int first, int last) {
        return Region.split(this, diagram, first, last);
    }

    /** Returns for how many packets {@code diagram} is not 0. */
    public BigInteger count(Diagram diagram) {
        return counts.of(diagram);
    }

    /** Returns for how many packets the value passes {@code test}. */
    public BigInteger count(Diagram diagram, IntPredicate test) {
        return count(test(diagram, test));
    }

    /** Returns into how many regions the function divides the packets: boxes of one value each. */
    public long regions(Diagram diagram) {
        return regions(diagram, new HashMap<>());
    }

    private static long regions(Diagram diagram, Map<Diagram, Long> known) {
        if (diagram.isLeaf()) {
            return 1;
        }
        Long before = known.get(diagram);
        if (before != null) {
            return before;
        }
        long sum = 0;
        for (Diagram branch : diagram.branches) {
            sum += regions(branch, known);
        }
        known.put(diagram, sum);
        return sum;
    }

    /**
     * Returns the simplest packet for which {@code diagram} is not 0: the first field as simple as can be, with that the
     * second one, and so on.
     *
     * @throws IllegalArgumentException where it is 0 for all packets
     */
    public long[] simplest(Diagram diagram, Simplicity simplicity) {
        long[] packet = new long[greatest.length];
        Diagram at = diagram;
        for (int field = 0; field < packet.length; field++) {
            packet[field] = Simplicity.simplest(simplicity.of(field, packet), notNothing(at, field));
            at = at.field == field ? at.branch(packet[field]) : at;
        }
        return packet;
    }

    /** Returns the values of {@code field} with which {@code diagram} can be anything but 0. */
    private Ranges notNothing(Diagram diagram, int field) {
        if (diagram.field != field) {
            return diagram == always(0) ? Ranges.none() : Ranges.of(0, greatest[field]);
        }
        Ranges values = Ranges.none();
        for (int i = 0; i < diagram.branches.length; i++) {
            if (diagram.branches[i] != always(0)) {
                values = values.or(Ranges.of(i == 0 ? 0 : diagram.upTo[i - 1] + 1, diagram.upTo[i]));
            }
        }
        return values;
    }

    /** A diagram in the making: its ranges come in ascending order. */
    final class Builder {
        private final int field;
        private final long[] upTo;
        private final Diagram[] branches;
        private int size;

        Builder(int field, int most) {
            this.field = field;
            this.upTo = new long[most];
            this.branches = new Diagram[most];
        }

        void add(long last, Diagram branch) {
            if (size > 0 && upTo[size - 1] == last) {
                return;
            }
            if (size > 0 && branches[size - 1] == branch) {
                upTo[size - 1] = last;
            } else {
                upTo[size] = last;
                branches[size++] = branch;
            }
        }

        /** Returns it with {@code rest} up to the field's greatest value. */
        Diagram end(Diagram rest) {
            add(greatest[field], rest);
            return build();
        }

        Diagram build() {
            if (size == 1) {
                return branches[0];
            }
            boolean whole = size == upTo.length;
            Diagram made = new Diagram(
                    field,
                    whole ? upTo : Arrays.copyOf(upTo, size),
                    whole ? branches : Arrays.copyOf(branches, size),
                    0,
                    unique.size() + 1);
            Diagram same = unique.putIfAbsent(made, made);
            if (same == null) {
                spend(NODE + size);
                return made;
            }
            return same;
        }
    }
}
