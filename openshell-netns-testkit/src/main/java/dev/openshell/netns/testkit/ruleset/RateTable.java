package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code hashlimit} keeps under a name: a bucket for each key. It is made as the first rule of that name says;
 * of what later ones say only whether they match above or below is looked at (htable_find_get in xt_hashlimit.c).
 */
final class RateTable {
    /**
     * What it is made by; other times in milliseconds.
     *
     * @param full the time that fills a bucket, in nanoseconds as that for a token
     * @param most how many buckets there may be
     * @param modes what of a packet is the key
     */
    record Settings(
            long nanosPerToken,
            long full,
            long most,
            long expire,
            long interval,
            List<String> modes,
            int sourcePrefix,
            int destinationPrefix) {}

    private record Key(@Nullable Ip source, @Nullable Ip destination, int sourcePort, int destinationPort) {}

    private final Settings settings;
    private final Map<Key, Bucket> buckets = new HashMap<>();
    private @Nullable Instant swept;

    RateTable(Settings settings) {
        this.settings = settings;
    }

    private Key key(Header header) {
        boolean ports = Header.hasPorts(header.protocol());
        List<String> modes = settings.modes();
        return new Key(
                modes.contains("srcip") ? masked(header.source(), settings.sourcePrefix()) : null,
                modes.contains("dstip") ? masked(header.destination(), settings.destinationPrefix()) : null,
                ports && modes.contains("srcport") ? header.sourcePort() : 0,
                ports && modes.contains("dstport") ? header.destinationPort() : 0);
    }

    private static Ip masked(Ip address, int prefix) {
        return address.and(Ip.mask(address.family(), prefix));
    }

    /** Returns whether the packet's bucket has a token left, and takes it. */
    synchronized boolean take(Header header, Instant now) {
        sweep(now);
        Key key = key(header);
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
