package dev.openshell.netns.testkit.ruleset;

import java.math.BigInteger;
import java.util.Optional;

/** Numbers and ranges as iptables reads them. */
final class Numbers {
    /** What strtoul(3) skips. */
    private static final String LEADING = "^[ \t\n\u000b\f\r]*\\+?(?=[0-9])";

    /** The values from {@code low} to {@code high}. */
    record Range(long low, long high) {
        boolean contains(long value) {
            return value >= low && value <= high;
        }

        /** Returns it as {@code 5} or {@code 5:9}, with the given sign between. */
        String text(char sign) {
            return low == high ? Long.toString(low) : low + Character.toString(sign) + high;
        }
    }

    static final Range PORTS = new Range(0, 65535);

    private Numbers() {}

    /** Returns what strtoul(3) with base 0 makes of the whole of {@code word}, up to 63 bits. */
    static Optional<Long> parse(String word) {
        String digits = word.replaceFirst(LEADING, "");
        int radix = 10;
        if (digits.matches("0[xX][0-9a-fA-F]+")) {
            digits = digits.substring(2);
            radix = 16;
        } else if (digits.matches("0[0-7]+")) {
            radix = 8;
        } else if (!digits.matches("0|[1-9][0-9]*")) {
            return Optional.empty();
        }
        BigInteger value = new BigInteger(digits, radix);
        return value.bitLength() > 63 ? Optional.empty() : Optional.of(value.longValue());
    }

    static long between(String word, long lowest, long highest, String what) {
        return parse(word)
                .filter(value -> value >= lowest && value <= highest)
                .orElseThrow(() -> RuleProblem.refused(word, "invalid " + what));
    }

    static long upTo(String word, long highest, String what) {
        return between(word, 0, highest, what);
    }

    /** Returns {@code value[/mask]}, both of 32 bits. */
    static int[] masked(String word) {
        String[] parts = word.split("/", 2);
        int value = (int) upTo(parts[0], 0xffff_ffffL, "mark");
        return new int[] {value, parts.length == 1 ? -1 : (int) upTo(parts[1], 0xffff_ffffL, "mask")};
    }

    /** Returns {@code port}, {@code low:high}, {@code :high} or {@code low:}, as {@code tcp} and {@code sctp} do. */
    static Range ports(String word) {
        int colon = word.indexOf(':');
        if (colon < 0) {
            int port = port(word);
            return new Range(port, port);
        }
        int low = colon == 0 ? 0 : port(word.substring(0, colon));
        int high = colon == word.length() - 1 ? 65535 : port(word.substring(colon + 1));
        if (low > high) {
            throw RuleProblem.refused(word, "invalid port range, low above high");
        }
        return new Range(low, high);
    }

    static int port(String word) {
        Optional<Long> number = parse(word);
        return number.isPresent() ? (int) upTo(word, 65535, "port") : Protocols.service(word);
    }

    /** Returns a range of ports as most others read it: decimal, modulo 2^16, and perhaps backwards. */
    static Range resolvedPorts(String word) {
        String[] ends = word.split(":", -1);
        if (ends.length > 2) {
            throw RuleProblem.refused(word, "a range has two ends");
        }
        int low = ends[0].isEmpty() ? 0 : resolvedPort(ends[0]);
        int high = ends.length == 1 ? low : ends[1].isEmpty() ? 65535 : resolvedPort(ends[1]);
        return new Range(low, high);
    }

    /** Returns what getaddrinfo(3) makes of a port. */
    private static int resolvedPort(String word) {
        String digits = word.replaceFirst(LEADING, "");
        if (!digits.matches("[0-9]{1,18}")) {
            return Protocols.service(word);
        }
        int number = (int) Long.parseLong(digits);
        if (number < 0) {
            throw RuleProblem.refused(word, "invalid port or service");
        }
        return number & 0xffff;
    }
}
