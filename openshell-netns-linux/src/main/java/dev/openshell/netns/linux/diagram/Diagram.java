package dev.openshell.netns.linux.diagram;

import java.util.Arrays;

/**
 * A function of a packet's fields to a whole number. Made by {@link Diagrams}: of those that one of them makes, two are
 * the same object if and only if they are the same function.
 */
public final class Diagram {
    /** The field of a diagram that asks for none: it is behind all others. */
    static final int LEAF = Integer.MAX_VALUE;

    /** Which field this asks for. */
    final int field;
    /** The last value of each range of the field, ascending as unsigned numbers; that of the last is the field's. */
    final long[] upTo;
    /** What holds in each range: neighbours differ, and all ask for later fields. */
    final Diagram[] branches;
    /** The result, of a leaf. */
    final int value;
    /** Numbers all diagrams of one {@link Diagrams}. */
    final int id;

    /** The bit of each value that it has for some packet; of values that are 32 apart, the same one. */
    private final int values;

    private final int hash;

    Diagram(int field, long[] upTo, Diagram[] branches, int value, int id) {
        this.field = field;
        this.upTo = upTo;
        this.branches = branches;
        this.value = value;
        this.id = id;
        long sum = field * 31L + value;
        int found = isLeaf() ? 1 << value : 0;
        for (int i = 0; i < upTo.length; i++) {
            found |= branches[i].values;
            sum = (sum + upTo[i]) * Pairs.SPREAD + branches[i].id;
        }
        this.values = found;
        this.hash = (int) (sum >>> 32);
    }

    boolean isLeaf() {
        return field == LEAF;
    }

    /** Returns whether it may be {@code wanted} for some packet; false is certain. */
    boolean mayBe(int wanted) {
        return (values & 1 << wanted) != 0;
    }

    /** Returns the result for a packet, whose fields have these values. */
    public int at(long[] packet) {
        Diagram at = this;
        while (!at.isLeaf()) {
            at = at.branch(packet[at.field]);
        }
        return at.value;
    }

    /** Returns what holds where this one's field is {@code value}. */
    Diagram branch(long value) {
        int low = 0;
        int high = upTo.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(value, upTo[middle]) <= 0) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return branches[low];
    }

    /** Equality of what is asked and answered; the branches are equal only where they are the same. */
    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Diagram diagram)
                || diagram.hash != hash
                || diagram.field != field
                || diagram.value != value
                || !Arrays.equals(upTo, diagram.upTo)) {
            return false;
        }
        for (int i = 0; i < branches.length; i++) {
            if (branches[i] != diagram.branches[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
