package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.diagram.Ranges;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Looks for a packet that is simpler than another in one field and in none else. */
final class Minimal {
    private static final int RANDOM = 6;

    private final Packets order;
    private final Random random;
    private final boolean six;
    private final int interfaces;
    private final TreeSet<Long> corners = new TreeSet<>(Long::compareUnsigned);

    /** Makes one that tries the values in {@code packets}, those beside them, and some at random. */
    Minimal(Packets order, Space space, List<long[]> packets, Random random) {
        this.order = order;
        this.six = space.family() == Family.IPV6;
        this.interfaces = (int) space.interfaces("", true).to(0) + 1;
        this.random = random;
        for (long[] packet : packets) {
            for (long value : packet) {
                corners.add(value);
            }
        }
    }

    /** Returns a simpler packet that passes {@code test}. */
    Optional<long[]> simpler(long[] packet, Predicate<long[]> test) {
        for (int field = 0; field < Field.COUNT; field++) {
            long value = packet[field];
            for (Ranges set : order.of(field, packet)) {
                boolean last = set.contains(value);
                for (long each : tried(set)) {
                    if (set.contains(each) && can(field, each) && (!last || Long.compareUnsigned(each, value) < 0)) {
                        long[] other = packet.clone();
                        other[field] = each;
                        if (test.test(other)) {
                            return Optional.of(other);
                        }
                    }
                }
                if (last) {
                    break;
                }
            }
        }
        return Optional.empty();
    }

    /** Returns whether a field has that value at all. */
    private boolean can(int field, long value) {
        long greatest =
                switch (field) {
                    case Field.IN, Field.OUT -> interfaces - 1;
                    case Field.DESTINATION_PORT, Field.SOURCE_PORT, Field.NOW_PORT -> 65535;
                    case Field.PROTOCOL, Field.FLOW_PROTOCOL -> 255;
                    case Field.FLAGS -> 63;
                    case Field.KIND -> Kind.values().length - 1;
                    case Field.DESTINATION, Field.SOURCE, Field.NOW, Field.FLOW_SOURCE -> six ? -1L : 0;
                    default -> six ? -1L : 0xffffffffL;
                };
        return Long.compareUnsigned(value, greatest) <= 0;
    }

    private TreeSet<Long> tried(Ranges set) {
        TreeSet<Long> tried = new TreeSet<>(Long::compareUnsigned);
        tried.addAll(corners);
        for (int i = 0; i < set.size(); i++) {
            tried.add(set.from(i));
            tried.add(set.to(i));
            for (int j = 0; j < RANDOM; j++) {
                long size = set.to(i) - set.from(i) + 1;
                tried.add(set.from(i)
                        + (size == 0 ? random.nextLong() : Long.remainderUnsigned(random.nextLong(), size)));
            }
        }
        return tried;
    }
}
