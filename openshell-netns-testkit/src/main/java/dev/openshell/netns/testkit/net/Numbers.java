package dev.openshell.netns.testkit.net;

import java.util.ArrayList;
import java.util.List;

/** Reads the numbers that are written to a sysctl (kernel/sysctl.c). */
final class Numbers {
    private static final int LONGEST = 21;

    private Numbers() {}

    /** Returns up to {@code limit} numbers; what stands behind them is not looked at. EINVAL. */
    static List<Long> parse(String text, int limit) {
        List<Long> numbers = new ArrayList<>();
        int at = 0;
        while (numbers.size() < limit) {
            at = skip(text, at);
            if (at == text.length()) {
                break;
            }
            int start = at;
            while (at < text.length() && !isSpace(text.charAt(at))) {
                at++;
            }
            numbers.add(number(text.substring(start, at)));
        }
        if (numbers.isEmpty()) {
            throw invalid();
        }
        return numbers;
    }

    private static int skip(String text, int from) {
        int at = from;
        while (at < text.length() && isSpace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c >= 9 && c <= 13;
    }

    private static long number(String word) {
        boolean negative = word.length() > 1 && word.charAt(0) == '-';
        String digits = negative ? word.substring(1) : word;
        if (word.length() > LONGEST || digits.isEmpty() || !Character.isDigit(digits.charAt(0))) {
            throw invalid();
        }
        boolean hex = digits.length() > 2 && (digits.startsWith("0x") || digits.startsWith("0X"));
        int radix = hex ? 16 : digits.charAt(0) == '0' ? 8 : 10;
        try {
            String plain = hex ? digits.substring(2) : digits;
            if (!Character.isLetterOrDigit(plain.charAt(0))) {
                throw invalid();
            }
            long value = Long.parseLong(plain, radix);
            return negative ? -value : value;
        } catch (NumberFormatException e) {
            throw invalid();
        }
    }

    static NetException invalid() {
        return new NetException(NetException.EINVAL, "");
    }
}
