package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.IptablesVariant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a JVM holds does not grow with the sandboxes it has had. {@code soak.cycles} says how many. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 3, unit = TimeUnit.HOURS)
class SoakIT {
    private static final int CYCLES = Integer.getInteger("soak.cycles", 60);
    private static final int WARM_UP = Math.min(500, CYCLES / 2);

    /** From how many on a mean over a thousand says something. */
    private static final int MANY = 5000;

    private static final double SLOWEST = 1.1;
    private static final long GROWTH_KIB = 4096;

    @ParameterizedTest
    @EnumSource(names = {"NFT", "LEGACY"})
    void nothingGrows(IptablesVariant iptables) throws Exception {
        Soak.Figures figures = Soak.of(iptables, WARM_UP, CYCLES);
        System.getLogger(SoakIT.class.getName())
                .log(System.Logger.Level.INFO, "{0}, {1} cycles: {2}", iptables, CYCLES, figures);
        for (String what : List.of("descriptors", "threads", "tasks inside", "mounts", "rules", "links")) {
            assertThat(figures.after().get(what))
                    .as(what)
                    .isEqualTo(figures.before().get(what));
        }
        assertThat(figures.after().get("heap, KiB")).isLessThan(figures.before().get("heap, KiB") + GROWTH_KIB);
        if (CYCLES >= MANY) {
            assertThat(figures.ratio()).isLessThan(SLOWEST);
        }
    }
}
