package dev.openshell.netns.testkit.ruleset;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A rate as iptables reads and prints it: {@code NUMBER[/second|/minute|/hour|/day]}.
 *
 * @param ticks the time for one packet
 * @param scale the ticks of a second
 * @param unitSeconds the seconds of the unit that it was written with
 */
record Rate(long ticks, long scale, long unitSeconds) {
    private static final Pattern NUMBER = Pattern.compile("[ \t\n\u000b\f\r]*\\+?([0-9]{1,9})(?![0-9])");
    private static final List<String> UNITS = List.of("day", "hour", "minute", "second");
    private static final List<String> PRINTED = List.of("day", "hour", "min", "sec");
    private static final List<Long> SECONDS = List.of(86_400L, 3600L, 60L, 1L);

    /** Reads {@code text}; a number is read up to the first character that is no digit. */
    static Rate parse(String text, long scale) {
        String[] parts = text.split("/", 2);
        String word = parts.length == 1 ? "second" : parts[1].toLowerCase(Locale.ROOT);
        int unit = 0;
        while (unit < UNITS.size() && (word.isEmpty() || !UNITS.get(unit).startsWith(word))) {
            unit++;
        }
        Matcher number = NUMBER.matcher(parts[0]);
        if (unit == UNITS.size() || !number.lookingAt()) {
            throw RuleProblem.refused(text, "bad rate");
        }
        long average = Long.parseLong(number.group(1));
        long all = SECONDS.get(unit) * scale;
        if (average == 0 || all / average == 0) {
            throw RuleProblem.refused(text, "bad rate, or too fast");
        }
        return new Rate(all / average, scale, SECONDS.get(unit));
    }

    /** Returns the rate of so many ticks for one packet. */
    Rate with(long other) {
        return new Rate(other, scale, unitSeconds);
    }

    /** Returns the shortest unit of time in which the rate is a number without much of a rest. */
    private int unit() {
        int unit = 1;
        while (unit < SECONDS.size() && ticks <= inUnit(unit) && inUnit(unit) / ticks >= inUnit(unit) % ticks) {
            unit++;
        }
        return unit - 1;
    }

    private long inUnit(int unit) {
        return SECONDS.get(unit) * scale;
    }

    /** Returns the seconds of the unit that it is printed with. */
    long printedSeconds() {
        return SECONDS.get(unit());
    }

    /** Returns how many packets there are in the unit that it is printed with. */
    long printed() {
        return inUnit(unit()) / ticks;
    }

    long nanosPerPacket() {
        return ticks * (1_000_000_000L / scale);
    }

    @Override
    public String toString() {
        return printed() + "/" + PRINTED.get(unit());
    }
}
