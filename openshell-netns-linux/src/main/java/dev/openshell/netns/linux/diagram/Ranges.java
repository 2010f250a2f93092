package dev.openshell.netns.linux.diagram;

import java.util.Arrays;

/** A set of unsigned 64-bit numbers, as disjoint ranges in ascending order that don't touch. */
public final class Ranges {
    private static final long MAX = -1L;
    private static final Ranges NONE = new Ranges(new long[0], new long[0]);
    private static final Ranges ALL = of(0, MAX);

    private final long[] from;
    private final long[] to;

    private Ranges(long[] from, long[] to) {
        this.from = from;
        this.to = to;
    }

    /** Returns the empty set. */
    public static Ranges none() {
        return NONE;
    }

    /** Returns the set of all numbers. */
    public static Ranges all() {
        return ALL;
    }

    /** Returns the set of one number. */
    public static Ranges of(long value) {
        return of(value, value);
    }

    /** Returns the set of the numbers from {@code from} to {@code to}, both of them among it. */
    public static Ranges of(long from, long to) {
        return Long.compareUnsigned(from, to) > 0 ? NONE : new Ranges(new long[] {from}, new long[] {to});
    }

    /** Returns how many ranges there are. */
    public int size() {
        return from.length;
    }

    /** Returns the first number of range {@code index}. */
    public long from(int index) {
        return from[index];
    }

    /** Returns the last number of range {@code index}. */
    public long to(int index) {
        return to[index];
    }

    /** Returns whether there is nothing in it. */
    public boolean isEmpty() {
        return from.length == 0;
    }

    /** Returns what is not in it. */
    public Ranges complement() {
        long[] begins = new long[from.length + 1];
        long[] ends = new long[from.length + 1];
        int n = 0;
        long next = 0;
        boolean open = true;
        for (int i = 0; i < from.length; i++) {
            if (Long.compareUnsigned(next, from[i]) < 0) {
                begins[n] = next;
                ends[n++] = from[i] - 1;
            }
            open = to[i] != MAX;
            next = to[i] + 1;
        }
        if (open) {
            begins[n] = next;
            ends[n++] = MAX;
        }
        return new Ranges(Arrays.copyOf(begins, n), Arrays.copyOf(ends, n));
    }

    /** Returns what is in both. */
    public Ranges and(Ranges other) {
        if (this == ALL) {
            return other;
        }
        if (other == ALL) {
            return this;
        }
        long[] begins = new long[from.length + other.from.length];
        long[] ends = new long[begins.length];
        int n = 0;
        for (int i = 0, j = 0; i < from.length && j < other.from.length; ) {
            long begin = Long.compareUnsigned(from[i], other.from[j]) > 0 ? from[i] : other.from[j];
            boolean mineEnds = Long.compareUnsigned(to[i], other.to[j]) < 0;
            long end = mineEnds ? to[i] : other.to[j];
            if (Long.compareUnsigned(begin, end) <= 0) {
                begins[n] = begin;
                ends[n++] = end;
            }
            if (mineEnds) {
                i++;
            } else {
                j++;
            }
        }
        return new Ranges(Arrays.copyOf(begins, n), Arrays.copyOf(ends, n));
    }

    /** Returns what is in one of them or in both. */
    public Ranges or(Ranges other) {
        if (isEmpty() || other.isEmpty()) {
            return isEmpty() ? other : this;
        }
        long end = to[to.length - 1];
        if (end != MAX && Long.compareUnsigned(end + 1, other.from[0]) <= 0) {
            return behind(other, end + 1 == other.from[0]);
        }
        return complement().and(other.complement()).complement();
    }

    private Ranges behind(Ranges other, boolean touching) {
        int less = touching ? 1 : 0;
        long[] begins = Arrays.copyOf(from, from.length + other.from.length - less);
        long[] ends = Arrays.copyOf(to, begins.length);
        System.arraycopy(other.from, less, begins, from.length, other.from.length - less);
        System.arraycopy(other.to, 0, ends, to.length - less, other.to.length);
        return new Ranges(begins, ends);
    }

    /** Returns whether {@code value} is in it. */
    public boolean contains(long value) {
        for (int i = 0; i < from.length; i++) {
            if (Long.compareUnsigned(from[i], value) <= 0 && Long.compareUnsigned(value, to[i]) <= 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ranges ranges && Arrays.equals(from, ranges.from) && Arrays.equals(to, ranges.to);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(from) + Arrays.hashCode(to);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < from.length; i++) {
            text.append(i == 0 ? "" : ",").append(Long.toUnsignedString(from[i]));
            text.append(from[i] == to[i] ? "" : "-" + Long.toUnsignedString(to[i]));
        }
        return text.toString();
    }
}
