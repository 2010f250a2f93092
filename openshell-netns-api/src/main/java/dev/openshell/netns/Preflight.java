package dev.openshell.netns;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Whether a machine and a process can make sandboxes, as trying shows.
 *
 * @param checks one for each thing that was looked at, always in the same order
 * @since 0.1
 */
@Incubating
public record Preflight(List<Check> checks) {
    /** How a check ended, the better ones first. */
    public enum Status {
        /** As it should be. */
        OK,
        /** Sandboxes can be made; something is weaker, can go wrong, or was not found out. */
        WARNING,
        /** Sandboxes can't be made, or not used wholly. */
        FAILURE
    }

    /**
     * One thing that was looked at.
     *
     * @param name what it is: lower case words with hyphens and dots between them, which stay the same
     * @param status how it ended
     * @param evidence what was seen, with values, on one line
     * @param remedy what to do, to be pasted: a command or a call of the builder; there unless all is well
     */
    public record Check(String name, Status status, String evidence, Optional<String> remedy) {
        private static final Pattern NAME = Pattern.compile("[a-z0-9]+([._-][a-z0-9]+)*");

        /** Checks the name, and that a remedy is there where one is due. */
        public Check {
            Objects.requireNonNull(status, "status");
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException("'" + name + "' is not the name of a check; use words of lower case"
                        + " letters and digits with '-', '_' or '.' between them");
            }
            if (status != Status.OK && remedy.isEmpty()) {
                throw new IllegalArgumentException("check '" + name + "' is a " + word(status) + " without a remedy");
            }
            evidence = oneLine(evidence);
            remedy = remedy.map(Check::oneLine);
        }

        /** Returns a check that found all well. */
        public static Check ok(String name, String evidence) {
            return new Check(name, Status.OK, evidence, Optional.empty());
        }

        /** Returns a warning. */
        public static Check warning(String name, String evidence, String remedy) {
            return new Check(name, Status.WARNING, evidence, Optional.of(remedy));
        }

        /** Returns a failure. */
        public static Check failure(String name, String evidence, String remedy) {
            return new Check(name, Status.FAILURE, evidence, Optional.of(remedy));
        }

        /** Returns {@code ok|warning|failure NAME: EVIDENCE}, and the remedy on an indented line of its own. */
        @Override
        public String toString() {
            return word(status) + " " + name + ": " + evidence
                    + remedy.map(line -> "\n    " + line).orElse("");
        }

        private static String oneLine(String text) {
            return text.strip().replaceAll("\\s*\\R\\s*", " ");
        }
    }

    /** Copies the checks. */
    public Preflight {
        checks = List.copyOf(checks);
    }

    /** Returns the worst status of all, {@code OK} where nothing was looked at. */
    public Status worst() {
        return checks.stream().map(Check::status).max(Status::compareTo).orElse(Status.OK);
    }

    /** Returns the check of that name, if there is one. */
    public Optional<Check> check(String name) {
        return checks.stream().filter(check -> check.name().equals(name)).findFirst();
    }

    /** Returns a line for each check, and one for each remedy. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        checks.forEach(check -> text.append(check).append('\n'));
        return text.toString();
    }

    private static String word(Status status) {
        return status.name().toLowerCase(Locale.ROOT);
    }
}
