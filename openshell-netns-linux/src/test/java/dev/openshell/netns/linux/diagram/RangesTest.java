package dev.openshell.netns.linux.diagram;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Sets of numbers against membership, at both ends of 64 bits. */
class RangesTest {
    private static final long[] NUMBERS = {
        0, 1, 2, 3, 4, 5, Long.MAX_VALUE - 1, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 1, -4, -3, -2, -1
    };

    private final Random random = new Random(5);

    private Ranges some() {
        Ranges all = Ranges.none();
        for (int i = random.nextInt(4); i > 0; i--) {
            long from = NUMBERS[random.nextInt(NUMBERS.length)];
            long to = random.nextBoolean() ? from : NUMBERS[random.nextInt(NUMBERS.length)];
            all = all.or(Ranges.of(from, to));
        }
        return all;
    }

    private static void is(Ranges ranges, Predicate<Long> member) {
        for (long number : NUMBERS) {
            assertThat(ranges.contains(number)).as("%s in %s", number, ranges).isEqualTo(member.test(number));
        }
        for (int i = 0; i < ranges.size(); i++) {
            assertThat(Long.compareUnsigned(ranges.from(i), ranges.to(i))).isLessThanOrEqualTo(0);
            // They ascend and don't touch.
            assertThat(i == 0 || Long.compareUnsigned(ranges.to(i - 1) + 1, ranges.from(i)) < 0)
                    .as("%s", ranges)
                    .isTrue();
        }
        assertThat(ranges.isEmpty()).isEqualTo(ranges.size() == 0);
    }

    @Test
    void setsAreWhatTheirMembersAre() {
        for (int run = 0; run < 20_000; run++) {
            Ranges one = some();
            Ranges other = some();
            is(one.or(other), number -> one.contains(number) || other.contains(number));
            is(one.and(other), number -> one.contains(number) && other.contains(number));
            is(one.complement(), number -> !one.contains(number));
            assertThat(one.complement().complement()).isEqualTo(one).hasSameHashCodeAs(one);
            assertThat(one.or(other)).isEqualTo(other.or(one));
            assertThat(one.or(one.complement())).isEqualTo(Ranges.all());
            assertThat(one.and(one.complement())).isEqualTo(Ranges.none());
        }
    }

    @Test
    void allAndNoneAreTheEnds() {
        List<Ranges> ends = new ArrayList<>(List.of(Ranges.all(), Ranges.none()));
        ends.add(Ranges.none().complement());
        ends.add(Ranges.all().complement());
        assertThat(ends.get(2)).isEqualTo(ends.get(0));
        assertThat(ends.get(3)).isEqualTo(ends.get(1));
        assertThat(Ranges.of(3, 2)).isEqualTo(Ranges.none());
        assertThat(Ranges.of(1, -1L)).hasToString("1-18446744073709551615");
        assertThat(Ranges.of(1).or(Ranges.of(3, 4))).hasToString("1,3-4");
    }
}
