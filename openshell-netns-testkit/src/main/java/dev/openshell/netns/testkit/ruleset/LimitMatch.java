package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code limit}: a token bucket, full at first, that gets one token each period and holds as many as the burst. */
final class LimitMatch implements Match {
    private static final long MOST_A_SECOND = 10_000;
    private static final long MOST_BURST = 10_000;
    private static final int DEFAULT_BURST = 5;
    private static final Map<String, Long> UNITS =
            Map.of("second", 1L, "minute", 60L, "hour", 3600L, "day", 86_400L);
    private static final Map<String, String> PRINTED =
            Map.of("second", "sec", "minute", "min", "hour", "hour", "day", "day");

    private final long average;
    private final String unit;
    private final long burst;
    private final long nanosPerToken;
    private long nanos;
    private @Nullable Instant asked;

    private LimitMatch(long average, String unit, long burst) {
        this.average = average;
        this.unit = unit;
        this.burst = burst;
        this.nanosPerToken = UNITS.get(unit) * 1_000_000_000L / average;
        this.nanos = nanosPerToken * burst;
    }

    static List<Module<Match>> modules() {
        return List.of(Module.of("limit", LimitMatch::of, "--limit 1", "--limit-burst 1"));
    }

    private static Match of(Given given) {
        String rate = given.plain("--limit").orElse("3/hour");
        String[] parts = rate.split("/", 2);
        String unit = parts.length == 1 ? "second" : unit(parts[1]);
        long average = Numbers.upTo(parts[0], MOST_A_SECOND * UNITS.get(unit), "rate");
        long burst = given.plain("--limit-burst")
                .map(word -> Numbers.upTo(word, MOST_BURST, "burst"))
                .orElse((long) DEFAULT_BURST);
        if (average == 0 || burst == 0) {
            throw RuleProblem.refused(rate, "rate and burst must not be 0");
        }
        return new LimitMatch(average, unit, burst);
    }

    private static String unit(String word) {
        String lower = word.toLowerCase(Locale.ROOT);
        return List.of("second", "minute", "hour", "day").stream()
                .filter(unit -> !lower.isEmpty() && unit.startsWith(lower))
                .findFirst()
                .orElseThrow(() -> RuleProblem.refused(word, "bad rate"));
    }

    @Override
    public synchronized boolean matches(Skb skb, View view) {
        Instant now = view.now();
        if (asked != null) {
            Duration since = Duration.between(asked, now);
            long gained = since.compareTo(Duration.ofDays(10_000)) > 0 ? Long.MAX_VALUE / 4 : since.toNanos();
            nanos = Math.min(nanos + Math.max(0, gained), nanosPerToken * burst);
        }
        asked = now;
        if (nanos < nanosPerToken) {
            return false;
        }
        nanos -= nanosPerToken;
        return true;
    }

    @Override
    public String text() {
        Words words = new Words().add("-m").add("limit").option(false, "--limit", average + "/" + PRINTED.get(unit));
        if (burst != DEFAULT_BURST) {
            words.option(false, "--limit-burst", burst);
        }
        return words.toString();
    }
}
