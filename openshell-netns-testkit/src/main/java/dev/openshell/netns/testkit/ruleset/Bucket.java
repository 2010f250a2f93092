package dev.openshell.netns.testkit.ruleset;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Tokens, as many as the burst at first, of which each packet takes one and each period brings one. */
final class Bucket {
    private final long nanosPerToken;
    private final long full;
    private long nanos;
    private @Nullable Instant asked;

    Bucket(long nanosPerToken, long full) {
        this.nanosPerToken = nanosPerToken;
        this.full = full;
        this.nanos = full;
    }

    /** Returns whether there is a token, and takes it. */
    synchronized boolean take(Instant now) {
        if (asked != null) {
            Duration since = Duration.between(asked, now);
            long gained = since.compareTo(Duration.ofDays(10_000)) > 0 ? Long.MAX_VALUE / 4 : since.toNanos();
            nanos = Math.min(nanos + Math.max(0, gained), full);
        }
        asked = now;
        if (nanos < nanosPerToken) {
            return false;
        }
        nanos -= nanosPerToken;
        return true;
    }

    /** Returns whether it was not asked since {@code then}. */
    synchronized boolean idleSince(Instant then) {
        return asked != null && asked.isBefore(then);
    }
}
