package dev.openshell.netns.testkit.nftables;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A set or a map. */
final class NfSet {
    static final int ANONYMOUS = 1;
    static final int CONSTANT = 2;
    static final int INTERVAL = 4;
    static final int MAP = 8;
    static final int TIMEOUT = 0x10;
    static final int EVAL = 0x20;

    /** What one key stands for; {@code expires} is null where it stays. */
    record Element(
            byte[] key,
            byte @Nullable [] keyEnd,
            byte @Nullable [] data,
            @Nullable Verdict verdict,
            int flags,
            long timeout,
            @Nullable Instant expires,
            byte[] userdata,
            List<Expression> expressions) {
        boolean lives(Instant now) {
            return expires == null || now.isBefore(expires);
        }
    }

    final String name;
    final long handle;
    final int flags;
    final int keyLength;
    /** The attributes that it was made with, which a dump repeats. */
    final Attrs made;

    final long timeout;
    /** How many elements there may be, 0 for any number. */
    int most;

    final List<Integer> fields;
    final List<Element> elements = new ArrayList<>();

    NfSet(String name, long handle, Attrs made, List<Integer> fields, int most) {
        this.name = name;
        this.handle = handle;
        this.made = made;
        this.flags = made.u32(3, 0);
        this.keyLength = made.u32(5);
        this.timeout = made.u64(11, 0);
        this.fields = fields;
        this.most = most;
    }

    NfSet copy() {
        NfSet copy = new NfSet(name, handle, made, fields, most);
        copy.elements.addAll(elements);
        return copy;
    }

    boolean is(int flag) {
        return (flags & flag) != 0;
    }

    /** Returns how many elements go to the chain. */
    int goesTo(String chain) {
        return (int) elements.stream()
                .filter(e -> e.verdict() != null && e.verdict().chain().equals(chain))
                .count();
    }

    /** Returns the element with just this key and kind. */
    @Nullable
    Element same(byte[] key, int elementFlags, Instant now) {
        return elements.stream()
                .filter(e -> Arrays.equals(e.key(), key) && (e.flags() & 1) == (elementFlags & 1) && e.lives(now))
                .findFirst()
                .orElse(null);
    }

    /** Returns the element that {@code key} is in. */
    @Nullable
    Element find(byte[] key, Instant now) {
        boolean ranges = is(INTERVAL) && fields.size() < 2;
        Element best = null;
        for (Element element : elements) {
            if (!element.lives(now)) {
                continue;
            }
            if (ranges) {
                boolean below = Arrays.compareUnsigned(element.key(), key) <= 0;
                int over = best == null ? 1 : Arrays.compareUnsigned(element.key(), best.key());
                // Where one range ends as the next begins, the beginning counts.
                if (below && (over > 0 || over == 0 && (element.flags() & 1) == 0)) {
                    best = element;
                }
            } else if (covers(element, key)) {
                return element;
            }
        }
        return best == null || (best.flags() & 1) != 0 ? null : best;
    }

    private boolean covers(Element element, byte[] key) {
        byte[] end = element.keyEnd();
        if (end == null) {
            return Arrays.equals(element.key(), key);
        }
        int at = 0;
        for (int field : fields) {
            int to = at + field;
            if (Arrays.compareUnsigned(key, at, to, element.key(), at, to) < 0
                    || Arrays.compareUnsigned(key, at, to, end, at, to) > 0) {
                return false;
            }
            at += field + 3 & ~3;
        }
        return true;
    }

    static @Nullable Instant expiry(long timeout, Instant now) {
        return timeout == 0 ? null : now.plus(Duration.ofMillis(timeout));
    }
}
