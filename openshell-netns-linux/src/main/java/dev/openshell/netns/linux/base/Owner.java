package dev.openshell.netns.linux.base;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The process that something on the host belongs to. A number that a later process has again is told apart.
 *
 * @param boot the boot id of the machine (random(4))
 * @param view the namespaces in which the number and the time mean something: those of process ids and of time
 * @param pid its number
 * @param started when it was started, in clock ticks since boot (proc_pid_stat(5))
 */
public record Owner(String boot, String view, long pid, long started) {
    private static final Pattern TEXT =
            Pattern.compile("([0-9a-f-]{1,36}) ([0-9]{1,20}[.][0-9]{1,20}) ([0-9]{1,10}) ([0-9]{1,18})");

    /** Returns the owner that {@link #toString()} wrote, empty for any other text. */
    public static Optional<Owner> parse(String text) {
        Matcher parts = TEXT.matcher(text);
        return parts.matches()
                ? Optional.of(new Owner(
                        parts.group(1), parts.group(2), Long.parseLong(parts.group(3)), Long.parseLong(parts.group(4))))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return boot + " " + view + " " + pid + " " + started;
    }
}
