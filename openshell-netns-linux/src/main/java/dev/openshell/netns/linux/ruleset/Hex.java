package dev.openshell.netns.linux.ruleset;

import org.jspecify.annotations.Nullable;

/** Reads IPv6 addresses as iptables-save prints them; by hand, since a ruleset has thousands. */
final class Hex {
    private static final int GROUPS = 8;

    private Hex() {}

    /** Returns the address of up to eight groups and perhaps one {@code ::}; null for whatever is not plainly such a one. */
    static @Nullable Ip parse(String text) {
        int gap = text.indexOf("::");
        if (gap < 0) {
            return groups(text, 0, text.length()) == GROUPS ? ip(text, 0, text.length(), 0) : null;
        }
        int before = groups(text, 0, gap);
        int behind = groups(text, gap + 2, text.length());
        if (before < 0 || behind < 0 || before + behind >= GROUPS) {
            return null;
        }
        Ip head = ip(text, 0, gap, GROUPS - before);
        Ip tail = ip(text, gap + 2, text.length(), 0);
        return new Ip(head.high() | tail.high(), head.low() | tail.low());
    }

    /** Returns how many groups there are, −1 where it is not only such. */
    private static int groups(String text, int from, int end) {
        int groups = 0;
        int digits = 0;
        for (int i = from; i < end; i++) {
            char c = text.charAt(i);
            if (c == ':') {
                if (digits == 0) {
                    return -1;
                }
                digits = 0;
            } else if (++digits > 4 || c > 'f' || Character.digit(c, 16) < 0) {
                return -1;
            }
            groups += digits == 1 ? 1 : 0;
        }
        return digits == 0 && from < end ? -1 : groups;
    }

    /** Returns the number of the groups, with {@code zeros} more groups behind them. */
    private static Ip ip(String text, int from, int end, int zeros) {
        long high = 0;
        long low = 0;
        long group = 0;
        for (int i = from; i < end; i++) {
            char c = text.charAt(i);
            if (c == ':') {
                high = high << 16 | low >>> 48;
                low = low << 16 | group;
                group = 0;
            } else {
                group = group << 4 | Character.digit(c, 16);
            }
        }
        high = high << 16 | low >>> 48;
        low = low << 16 | group;
        for (int i = 0; i < zeros; i++) {
            high = high << 16 | low >>> 48;
            low <<= 16;
        }
        return new Ip(high, low);
    }
}
