package dev.openshell.netns.testkit.ruleset;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code hashlimit} keeps under a name: a bucket for each key. It is made as the first rule of that name says;
 * what later ones say of rate, burst and the table is not looked at (htable_find_get in xt_hashlimit.c).
 */
final class RateTable {
    /**
     * What it is made by; other times in milliseconds.
     *
     * @param full the time that fills a bucket, in nanoseconds as that for a token
     * @param most how many buckets there may be
     */
    record Settings(long nanosPerToken, long full, long most, long expire, long interval) {}

    private final Settings settings;
    private final Map<Object, Bucket> buckets = new HashMap<>();
    private @Nullable Instant swept;

    RateTable(Settings settings) {
        this.settings = settings;
    }

    /** Returns whether the bucket of {@code key} has a token left, and takes it. */
    synchronized boolean take(Object key, Instant now) {
        sweep(now);
        Bucket bucket = buckets.get(key);
        if (bucket == null) {
            if (buckets.size() >= settings.most()) {
                throw new UnsupportedOperationException("a table of hashlimit is full, where Linux drops the packet");
            }
            bucket = new Bucket(settings.nanosPerToken(), settings.full());
            buckets.put(key, bucket);
        }
        return bucket.take(now);
    }

    /** Forgets, once each interval, the buckets that no packet asked for a while. */
    private void sweep(Instant now) {
        Instant last = swept == null ? now : swept;
        long intervals = Duration.between(last, now).toMillis() / settings.interval();
        swept = last.plusMillis(Math.max(0, intervals) * settings.interval());
        if (intervals > 0) {
            Instant oldest = swept.minusMillis(settings.expire());
            buckets.values().removeIf(bucket -> bucket.idleSince(oldest));
        }
    }
}
