package dev.openshell.netns.linux.resolve;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/** Literal addresses as the C library reads them in its two files, without any lookup. */
final class Literals {
    private static final Pattern ADDRESS = Pattern.compile("[0-9A-Fa-f:.]{2,45}");
    private static final Pattern NUMBER = Pattern.compile("0[xX][0-9a-fA-F]{1,8}|[0-9]{1,12}");

    private Literals() {}

    /** Returns the address that inet_pton(3) reads: a dotted quad without leading zeros, or IPv6 without a zone. */
    static Optional<InetAddress> pton(String text) {
        return ADDRESS.matcher(text).matches() && InetAddresses.isInetAddress(text)
                ? Optional.of(InetAddresses.forString(text))
                : Optional.empty();
    }

    /**
     * Returns the IPv4 address that inet_aton(3) reads: one to four numbers, decimal, octal ({@code 010}) or
     * hexadecimal, the last of which fills what is left of the 32 bits.
     */
    static Optional<InetAddress> aton(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length > 4) {
            return Optional.empty();
        }
        long address = 0;
        for (int i = 0; i < parts.length; i++) {
            boolean last = i == parts.length - 1;
            int bits = last ? 32 - 8 * i : 8;
            long value = number(parts[i]);
            if (value < 0 || value >= 1L << bits) {
                return Optional.empty();
            }
            address |= last ? value : value << (24 - 8 * i);
        }
        return Optional.of(InetAddresses.fromInteger((int) address));
    }

    /** Returns the number in C's notation, -1 if it is none. */
    private static long number(String text) {
        if (!NUMBER.matcher(text).matches()) {
            return -1;
        }
        try {
            return Long.decode(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
