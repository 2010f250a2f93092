package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code limit}: a token bucket, full at first, that gets one token each period and holds as many as the burst. */
final class LimitMatch implements Match {
    private static final Pattern NUMBER = Pattern.compile("[ \t\n\u000b\f\r]*\\+?([0-9]{1,9})(?![0-9])");
    private static final long MOST_BURST = 10_000;
    private static final long DEFAULT_BURST = 5;
    /** Ten thousandths of a second. */
    private static final long SCALE = 10_000;

    private static final long NANOS_PER_TICK = 1_000_000_000L / SCALE;
    private static final List<String> UNITS = List.of("day", "hour", "minute", "second");
    private static final List<String> PRINTED = List.of("day", "hour", "min", "sec");
    private static final List<Long> TICKS = List.of(86_400 * SCALE, 3600 * SCALE, 60 * SCALE, SCALE);
    /** What the legacy kernel module counts in, at 250 Hz. */
    private static final long CREDITS_PER_SECOND = 250 * 128;

    private final boolean nft;
    private final long ticks;
    private final long burst;
    private final long nanosPerToken;
    private long nanos;
    private @Nullable Instant asked;

    private LimitMatch(long ticks, long burst, boolean nft) {
        this.nft = nft;
        this.ticks = ticks;
        this.burst = burst;
        this.nanosPerToken = ticks * NANOS_PER_TICK;
        this.nanos = nanosPerToken * burst;
    }

    static List<Module<Match>> modules() {
        return List.of(Module.of("limit", LimitMatch::of, "--limit 1", "--limit-burst 1"));
    }

    private static Match of(Given given) {
        long ticks = ticks(given.word("--limit").orElse("3/hour"));
        long burst = given.word("--limit-burst")
                .map(word -> Numbers.upTo(word, MOST_BURST, "burst"))
                .orElse(DEFAULT_BURST);
        if (given.nft()) {
            burst = burst == 0 ? DEFAULT_BURST : burst;
            long unit = TICKS.get(unit(ticks));
            ticks = unit / (unit / ticks);
        }
        return new LimitMatch(ticks, burst, given.nft());
    }

    /** The kernel's counters have 32 bits, and it notices only when they wrap to less than one token. */
    private static long credits(long ticks) {
        long user = ticks & 0xffff_ffffL;
        long credits = user > 0xffff_ffffL / CREDITS_PER_SECOND
                ? user / SCALE * CREDITS_PER_SECOND
                : user * CREDITS_PER_SECOND / SCALE;
        return credits & 0xffff_ffffL;
    }

    /** Returns the time for one token. A number is read up to the first character that is no digit. */
    private static long ticks(String rate) {
        String[] parts = rate.split("/", 2);
        String word = parts.length == 1 ? "second" : parts[1].toLowerCase(Locale.ROOT);
        int unit = 0;
        while (unit < UNITS.size() && (word.isEmpty() || !UNITS.get(unit).startsWith(word))) {
            unit++;
        }
        Matcher number = NUMBER.matcher(parts[0]);
        if (unit == UNITS.size() || !number.lookingAt()) {
            throw RuleProblem.refused(rate, "bad rate");
        }
        long average = Long.parseLong(number.group(1));
        if (average == 0 || TICKS.get(unit) / average == 0) {
            throw RuleProblem.refused(rate, "bad rate, or too fast");
        }
        return TICKS.get(unit) / average;
    }

    /** Returns the shortest unit of time in which the rate is a number without much of a rest. */
    private static int unit(long ticks) {
        int unit = 1;
        while (unit < TICKS.size() && ticks <= TICKS.get(unit) && TICKS.get(unit) / ticks >= TICKS.get(unit) % ticks) {
            unit++;
        }
        return unit - 1;
    }

    @Override
    public String problem() {
        boolean wraps = burst == 0 || credits(ticks * burst) < credits(ticks);
        return wraps && !nft ? "the kernel can't count as far" : "";
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
        int unit = unit(ticks);
        String rate = TICKS.get(unit) / ticks + "/" + PRINTED.get(unit);
        Words words = new Words().add("-m").add("limit").option(false, "--limit", rate);
        if (burst != DEFAULT_BURST) {
            words.option(false, "--limit-burst", burst);
        }
        return words.toString();
    }
}
