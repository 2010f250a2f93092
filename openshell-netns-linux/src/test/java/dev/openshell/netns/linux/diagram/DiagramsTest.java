package dev.openshell.netns.linux.diagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntBinaryOperator;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Every operation against tables of all packets of a small space, and at the edges of 64-bit fields. */
class DiagramsTest {
    private static final int SIDE = 6;
    private static final int ALL = SIDE * SIDE * SIDE;
    private static final int RUNS = 300;

    private final Diagrams diagrams = new Diagrams(SIDE - 1, SIDE - 1, SIDE - 1);
    private final Random random = new Random(7);

    /** A function as a table, and the same as a diagram. */
    private record Both(int[] table, Diagram diagram) {}

    private static long[] packet(int index) {
        return new long[] {index / (SIDE * SIDE), index / SIDE % SIDE, index % SIDE};
    }

    private static int[] table(IntUnaryOperator function) {
        return IntStream.range(0, ALL).map(function).toArray();
    }

    private static int[] table(Diagram diagram) {
        return table(index -> diagram.at(packet(index)));
    }

    /** Builds the diagram of a table value by value, the last field first. */
    private Diagram diagram(int[] table) {
        return diagram(table, 0, 0);
    }

    private Diagram diagram(int[] table, int field, int index) {
        if (field == 3) {
            return diagrams.always(table[index]);
        }
        Diagram result = diagrams.always(0);
        List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3, 4, 5));
        Collections.shuffle(order, random);
        for (int value : order) {
            Diagram inside = diagram(table, field + 1, index * SIDE + value);
            result = diagrams.over(where(field, Ranges.of(value), inside), result, 0);
        }
        return result;
    }

    private Diagram where(int field, Ranges values, Diagram inside) {
        return diagrams.where(field, values, inside, diagrams.always(0));
    }

    /** Returns values of 0 to 3, mostly alike beside one another. */
    private Both some() {
        int[] table = new int[ALL];
        for (int i = random.nextInt(5); i >= 0; i--) {
            int[] low = {random.nextInt(SIDE), random.nextInt(SIDE), random.nextInt(SIDE)};
            int[] high = {random.nextInt(SIDE), random.nextInt(SIDE), random.nextInt(SIDE)};
            int value = random.nextInt(4);
            for (int index = 0; index < ALL; index++) {
                long[] packet = packet(index);
                boolean inside = true;
                for (int field = 0; field < 3; field++) {
                    inside &= packet[field] >= Math.min(low[field], high[field])
                            && packet[field] <= Math.max(low[field], high[field]);
                }
                table[index] = inside ? value : table[index];
            }
        }
        return new Both(table, diagram(table));
    }

    private static int[] table(Both one, Both other, IntBinaryOperator operation) {
        return table(index -> operation.applyAsInt(one.table[index], other.table[index]));
    }

    @Test
    void eachOperationIsThatOfTheTablesAndEqualFunctionsAreOneObject() {
        for (int run = 0; run < RUNS; run++) {
            Both one = some();
            Both other = some();
            int hole = random.nextInt(4);
            assertThat(table(one.diagram)).isEqualTo(one.table);
            same(diagrams.over(one.diagram, other.diagram, hole), table(one, other, (a, b) -> a == hole ? b : a));
            same(diagrams.within(one.diagram, other.diagram, hole), table(one, other, (a, b) -> b != 0 ? a : hole));
            same(diagrams.difference(one.diagram, other.diagram), table(one, other, (a, b) -> a == b ? 0 : 1));
            IntPredicate odd = value -> value % 2 == 1;
            same(diagrams.test(one.diagram, odd), table(index -> one.table[index] % 2));
            assertThat(one.diagram == other.diagram).isEqualTo(Arrays.equals(one.table, other.table));
            assertThat(diagrams.isConstant(one.diagram))
                    .isEqualTo(Arrays.stream(one.table).distinct().count() == 1);
        }
    }

    private void same(Diagram diagram, int[] table) {
        assertThat(table(diagram)).isEqualTo(table);
        assertThat(diagram).isSameAs(diagram(table));
    }

    @Test
    void aDiagramIsTheSameHoweverItWasBuilt() {
        for (int run = 0; run < RUNS; run++) {
            Both one = some();
            List<Diagram> boxes = new ArrayList<>();
            for (int index = 0; index < ALL; index++) {
                if (one.table[index] != 0) {
                    long[] packet = packet(index);
                    Diagram box = diagrams.always(one.table[index]);
                    for (int field = 2; field >= 0; field--) {
                        box = where(field, Ranges.of(packet[field]), box);
                    }
                    boxes.add(box);
                }
            }
            Collections.shuffle(boxes, random);
            assertThat(diagrams.layers(boxes, 0)).isSameAs(one.diagram);
            Diagram turnedTwice = diagrams.difference(
                    diagrams.difference(diagrams.test(one.diagram, value -> value != 0), diagrams.always(1)),
                    diagrams.always(1));
            assertThat(turnedTwice).isSameAs(diagrams.test(one.diagram, value -> value != 0));
        }
    }

    @Test
    void whereIsInsideAmongTheValuesAndOutsideElsewhere() {
        for (int run = 0; run < RUNS; run++) {
            int[] last = new int[ALL];
            for (int index = 0; index < ALL; index++) {
                last[index] = index % SIDE < 3 ? 2 : 0;
            }
            Diagram inside = where(2, Ranges.of(0, 2), diagrams.always(2));
            Diagram outside = diagrams.always(random.nextInt(3));
            int other = outside.at(packet(0));
            Ranges values = Ranges.none();
            for (long value = 0; value < 8; value++) {
                values = random.nextBoolean() ? values.or(Ranges.of(value)) : values;
            }
            // The greatest values are beyond the field's: they are of no packet.
            Ranges among = random.nextBoolean() ? values : values.complement();
            same(
                    diagrams.where(1, among, inside, outside),
                    table(index -> among.contains(index / SIDE % SIDE) ? last[index] : other));
        }
    }

    @Test
    void theFirstLayerThatSaysAnythingIsHeard() {
        for (int run = 0; run < RUNS; run++) {
            int hole = random.nextInt(2);
            List<Both> layers = new ArrayList<>();
            for (int i = random.nextInt(9); i > 0; i--) {
                layers.add(random.nextBoolean() ? some() : patch(hole));
            }
            int[] heard = table(index -> layers.stream()
                    .mapToInt(layer -> layer.table[index])
                    .filter(value -> value != hole)
                    .findFirst()
                    .orElse(hole));
            same(diagrams.layers(layers.stream().map(Both::diagram).toList(), hole), heard);
        }
    }

    /** Returns what rules mostly are: one value in a box, with the same ranges again and again. */
    private Both patch(int hole) {
        int field = random.nextInt(2);
        int from = random.nextInt(SIDE);
        int to = random.nextInt(3) == 0 ? Math.min(from + 2, SIDE - 1) : from;
        int value = 2 + random.nextInt(2);
        int last = random.nextInt(SIDE);
        int[] table = table(index -> {
            long[] packet = packet(index);
            return packet[field] >= from && packet[field] <= to && packet[2] <= last ? value : hole;
        });
        return new Both(table, diagram(table));
    }

    @Test
    void pointsAreEachKeysOwn() {
        for (int run = 0; run < RUNS; run++) {
            SortedMap<Long, Diagram> points = new TreeMap<>();
            int[] values = new int[SIDE];
            for (int i = random.nextInt(SIDE); i > 0; i--) {
                int key = random.nextInt(SIDE);
                values[key] = random.nextInt(3);
                points.put((long) key, diagrams.always(values[key]));
            }
            same(diagrams.points(1, points), table(index -> values[index / SIDE % SIDE]));
        }
    }

    @Test
    void existsLooksAtAllValuesOfTheFieldsLeftOut() {
        for (int run = 0; run < RUNS; run++) {
            Both one = some();
            int fields = random.nextInt(8);
            same(diagrams.exists(one.diagram, fields), table(index -> {
                long[] kept = packet(index);
                for (int other = 0; other < ALL; other++) {
                    long[] packet = packet(other);
                    boolean agrees = true;
                    for (int field = 0; field < 3; field++) {
                        agrees &= (fields >> field & 1) != 0 || packet[field] == kept[field];
                    }
                    if (agrees && one.table[other] != 0) {
                        return 1;
                    }
                }
                return 0;
            }));
        }
    }

    @Test
    void splitCoversEachPacketOnceAndOnlyWhereSomethingIs() {
        for (int run = 0; run < RUNS; run++) {
            Both one = some();
            int first = random.nextInt(3);
            int last = first + random.nextInt(3 - first);
            Diagram above = first == 0 ? one.diagram : diagrams.exists(one.diagram, (1 << first) - 1);
            List<Region> regions = diagrams.split(above, first, last);
            for (int index = 0; index < ALL; index++) {
                long[] packet = packet(index);
                List<Region> holding = regions.stream()
                        .filter(region -> holds(region, packet, first))
                        .toList();
                assertThat(holding.size()).isLessThanOrEqualTo(1);
                int value = holding.isEmpty() ? 0 : holding.get(0).rest().at(packet);
                assertThat(value).isEqualTo(above.at(packet));
            }
            assertThat(regions).allMatch(region -> region.rest() != diagrams.always(0));
        }
    }

    private static boolean holds(Region region, long[] packet, int first) {
        for (int i = 0; i < region.from().length; i++) {
            if (packet[first + i] < region.from()[i] || packet[first + i] > region.to()[i]) {
                return false;
            }
        }
        return true;
    }

    @Test
    void countCountsPackets() {
        for (int run = 0; run < RUNS; run++) {
            Both one = some();
            int wanted = random.nextInt(4);
            long there =
                    Arrays.stream(one.table).filter(value -> value == wanted).count();
            assertThat(diagrams.count(one.diagram, value -> value == wanted)).isEqualTo(BigInteger.valueOf(there));
        }
    }

    @Test
    void regionsAreThePathsToAValue() {
        Diagram two = where(0, Ranges.of(2, 3), where(2, Ranges.of(1), diagrams.always(1)));
        assertThat(diagrams.regions(diagrams.always(5))).isOne();
        // Before 2, and of 2 to 3 before, at and behind 1, and behind 3.
        assertThat(diagrams.regions(two)).isEqualTo(5);
        for (int run = 0; run < RUNS; run++) {
            Both one = some();
            assertThat(diagrams.regions(one.diagram)).isEqualTo(paths(one.table, 0, ALL));
        }
    }

    /** Counts runs of equal halves, as a canonical diagram has them. */
    private static long paths(int[] table, int from, int size) {
        if (size == 1) {
            return 1;
        }
        int part = size / SIDE;
        long sum = 0;
        int runs = 0;
        for (int i = 0; i < SIDE; i++) {
            int at = from + i * part;
            if (i == 0 || !Arrays.equals(table, at - part, at, table, at, at + part)) {
                sum += paths(table, at, part);
                runs++;
            }
        }
        return runs == 1 ? paths(table, from, part) : sum;
    }

    @Test
    void theSimplestIsTheFirstInTheOrderOfEachFieldInTurn() {
        for (int run = 0; run < RUNS; run++) {
            Both one = some();
            long[] middle = {random.nextInt(SIDE), random.nextInt(SIDE), random.nextInt(SIDE)};
            // The last field's favourite is what the first one came to be.
            Simplicity order = (field, packet) ->
                    List.of(Ranges.of(field == 2 ? packet[0] : middle[field]), Ranges.of(3, 4), Ranges.all());
            if (one.diagram == diagrams.always(0)) {
                assertThatIllegalArgumentException().isThrownBy(() -> diagrams.simplest(one.diagram, order));
                continue;
            }
            int best = -1;
            long least = Long.MAX_VALUE;
            for (int index = 0; index < ALL; index++) {
                long[] packet = packet(index);
                long rank = 0;
                for (int field = 0; field < 3; field++) {
                    long favourite = field == 2 ? packet[0] : middle[field];
                    long value = packet[field];
                    long group = value == favourite ? 0 : value == 3 || value == 4 ? 1 : 2;
                    rank = rank * 100 + group * 10 + value;
                }
                if (one.table[index] != 0 && rank < least) {
                    least = rank;
                    best = index;
                }
            }
            assertThat(diagrams.simplest(one.diagram, order)).isEqualTo(packet(best));
        }
    }

    @Test
    void numbersAreUnsignedUpToTheLast() {
        Diagrams wide = new Diagrams(-1L, -1L);
        Diagram one = wide.always(1);
        Diagram none = wide.always(0);
        Diagram above = wide.where(0, Ranges.of(Long.MIN_VALUE, -1L), one, none);
        Diagram below = wide.where(0, Ranges.of(0, Long.MAX_VALUE), one, none);
        assertThat(above.at(new long[] {-1L, 0})).isOne();
        assertThat(above.at(new long[] {Long.MIN_VALUE, 0})).isOne();
        assertThat(above.at(new long[] {Long.MAX_VALUE, 0})).isZero();
        assertThat(wide.difference(above, below)).isSameAs(one);
        assertThat(wide.over(above, below, 0)).isSameAs(one);
        assertThat(wide.within(above, below, 0)).isSameAs(none);
        assertThat(wide.where(0, Ranges.of(-1L).complement(), none, one))
                .isSameAs(wide.where(0, Ranges.of(-1L), one, none));
        assertThat(wide.count(above, value -> value == 1)).isEqualTo(BigInteger.ONE.shiftLeft(127));
        assertThat(wide.count(one, value -> value == 1)).isEqualTo(BigInteger.ONE.shiftLeft(128));
        List<Region> regions = wide.split(above, 0, 1);
        assertThat(regions).hasSize(1);
        assertThat(regions.get(0).from()).containsExactly(Long.MIN_VALUE, 0);
        assertThat(regions.get(0).to()).containsExactly(-1L, -1L);
        Simplicity high = (field, packet) -> List.of(Ranges.of(Long.MIN_VALUE, -1L), Ranges.all());
        assertThat(wide.simplest(one, high)).containsExactly(Long.MIN_VALUE, Long.MIN_VALUE);
        SortedMap<Long, Diagram> ends = new TreeMap<>(Long::compareUnsigned);
        ends.put(-1L, one);
        ends.put(0L, one);
        Diagram points = wide.points(1, ends);
        assertThat(points.at(new long[] {7, 0})).isOne();
        assertThat(points.at(new long[] {7, -1L})).isOne();
        assertThat(points.at(new long[] {7, 1})).isZero();
        assertThat(points.at(new long[] {7, Long.MIN_VALUE})).isZero();
        Diagram layered = wide.layers(
                List.of(wide.where(1, Ranges.of(-1L), one, none), wide.where(1, Ranges.of(0), one, none)), 0);
        assertThat(layered).isSameAs(points);
    }
}
