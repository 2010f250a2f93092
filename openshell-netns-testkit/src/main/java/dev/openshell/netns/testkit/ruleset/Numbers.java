package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ip;
import java.util.Optional;

/** Numbers, ranges and addresses as iptables reads them. */
final class Numbers {
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

    private Numbers() {}

    /** Returns what strtoul(3) with base 0 makes of the whole of {@code word}. */
    static Optional<Long> parse(String word) {
        String digits = word;
        int radix = 10;
        if (word.matches("0[xX][0-9a-fA-F]+")) {
            digits = word.substring(2);
            radix = 16;
        } else if (word.matches("0[0-7]+")) {
            radix = 8;
        } else if (!word.matches("0|[1-9][0-9]*")) {
            return Optional.empty();
        }
        return digits.length() > 16 ? Optional.empty() : Optional.of(Long.parseUnsignedLong(digits, radix));
    }

    static long upTo(String word, long highest, String what) {
        return parse(word)
                .filter(value -> value >= 0 && value <= highest)
                .orElseThrow(() -> RuleProblem.refused(word, "invalid " + what));
    }

    /** Returns {@code value[/mask]}, both of 32 bits. */
    static int[] masked(String word) {
        String[] parts = word.split("/", 2);
        int value = (int) upTo(parts[0], 0xffff_ffffL, "mark");
        return new int[] {value, parts.length == 1 ? -1 : (int) upTo(parts[1], 0xffff_ffffL, "mask")};
    }

    /** Returns {@code port}, {@code low:high}, {@code :high} or {@code low:}. */
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
        return Protocols.port(word).orElseThrow(() -> RuleProblem.refused(word, "invalid port or service"));
    }

    /** Returns an address; IPv4 ones may leave trailing octets out, as in {@code 10.1}. */
    static Ip address(String word, Family family) {
        String text = word;
        if (family == Family.IPV4) {
            while (text.matches("[0-9]+(\\.[0-9]+){0,2}")) {
                text += ".0";
            }
        }
        return Ip.parse(family, text).orElseThrow(() -> RuleProblem.refused(word, "host or network not found"));
    }

    /** Returns the mask behind a slash: a prefix length or an address. */
    static Ip mask(String word, Family family) {
        if (word.matches("[0-9]{1,3}")) {
            return Ip.mask(family, (int) upTo(word, family.bits(), "mask"));
        }
        return Ip.parse(family, word).orElseThrow(() -> RuleProblem.refused(word, "invalid mask"));
    }
}
