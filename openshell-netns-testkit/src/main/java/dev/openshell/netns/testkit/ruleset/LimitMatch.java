package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.util.List;

/** {@code limit}: a token bucket, full at first, that gets one token each period and holds as many as the burst. */
final class LimitMatch implements Match {
    private static final long MOST_BURST = 10_000;
    private static final long DEFAULT_BURST = 5;
    /** Ten thousandths of a second. */
    private static final long SCALE = 10_000;

    /** What the legacy kernel module counts in, at 250 Hz. */
    private static final long CREDITS_PER_SECOND = 250 * 128;

    private final boolean nft;
    private final Rate rate;
    private final long burst;
    private final Bucket bucket;

    private LimitMatch(Rate rate, long burst, boolean nft) {
        this.nft = nft;
        this.rate = rate;
        this.burst = burst;
        this.bucket = new Bucket(rate.nanosPerPacket(), rate.nanosPerPacket() * burst);
    }

    static List<Module<Match>> modules() {
        return List.of(Module.of("limit", LimitMatch::of, "--limit 1", "--limit-burst 1"));
    }

    private static Match of(Given given) {
        Rate rate = Rate.parse(given.word("--limit").orElse("3/hour"), SCALE);
        long burst = given.word("--limit-burst")
                .map(word -> Numbers.upTo(word, MOST_BURST, "burst"))
                .orElse(DEFAULT_BURST);
        if (given.nft()) {
            burst = burst == 0 ? DEFAULT_BURST : burst;
            rate = rate.with(rate.printedSeconds() * SCALE / rate.printed());
        }
        return new LimitMatch(rate, burst, given.nft());
    }

    /** The kernel's counters have 32 bits, and it notices only when they wrap to less than one token. */
    private static long credits(long ticks) {
        long user = ticks & 0xffff_ffffL;
        long credits = user > 0xffff_ffffL / CREDITS_PER_SECOND
                ? user / SCALE * CREDITS_PER_SECOND
                : user * CREDITS_PER_SECOND / SCALE;
        return credits & 0xffff_ffffL;
    }

    @Override
    public String problem() {
        boolean wraps = burst == 0 || credits(rate.ticks() * burst) < credits(rate.ticks());
        return wraps && !nft ? "the kernel can't count as far" : "";
    }

    @Override
    public boolean matches(Skb skb, View view) {
        return bucket.take(view.now());
    }

    @Override
    public String text() {
        Words words = new Words().add("-m").add("limit").option(false, "--limit", rate);
        if (burst != DEFAULT_BURST) {
            words.option(false, "--limit-burst", burst);
        }
        return words.toString();
    }
}
