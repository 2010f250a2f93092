package dev.openshell.netns.linux.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * {@code run} with arguments that leave nothing to judge, read without picocli, which takes longer to load than all the
 * rest. Whatever it does not know for sure, errors and help among it, is picocli's.
 *
 * @param command what comes after {@code --}
 */
record PlainRun(PolicyOptions policy, List<String> command) {
    private static final String NAME = "run";
    private static final String END = "--";

    /** Returns what {@code arguments} say, or nothing where picocli has to be asked. */
    static Optional<PlainRun> of(String... arguments) {
        if (arguments.length == 0 || !arguments[0].equals(NAME)) {
            return Optional.empty();
        }
        PolicyOptions policy = new PolicyOptions();
        Set<String> given = new HashSet<>();
        int next = 1;
        while (next < arguments.length && !arguments[next].equals(END)) {
            String argument = arguments[next++];
            int equals = argument.indexOf('=');
            String option = equals < 0 ? argument : argument.substring(0, equals);
            boolean again = !given.add(option) && !PolicyOptions.isRepeatable(option);
            boolean taken = false;
            if (!again && equals < 0 && policy.flag(option)) {
                taken = true;
            } else if (!again && (equals >= 0 || next < arguments.length)) {
                String value = equals < 0 ? arguments[next++] : argument.substring(equals + 1);
                taken = isPlain(value) && policy.value(option, value);
            }
            if (!taken) {
                return Optional.empty();
            }
        }
        if (next + 1 >= arguments.length) {
            return Optional.empty();
        }
        return Optional.of(
                new PlainRun(policy, List.copyOf(Arrays.asList(arguments).subList(next + 1, arguments.length))));
    }

    /** Names, addresses and numbers: nothing that could be an option, or quoted. */
    private static boolean isPlain(String value) {
        for (int i = 0; i < value.length(); i++) {
            char each = value.charAt(i);
            boolean letter = each >= 'a' && each <= 'z' || each >= 'A' && each <= 'Z' || each >= '0' && each <= '9';
            if (!letter && "._:/[]".indexOf(each) < 0 && (each != '-' || i == 0)) {
                return false;
            }
        }
        return !value.isEmpty();
    }

    /** Runs it, and returns the exit status. */
    int execute() {
        try {
            try {
                return Running.run(policy.builder(), command, PlainRun::err);
            } catch (Exception e) {
                return Failures.failure(err(), "openshell-netns " + NAME, e);
            }
        } catch (Exception defect) {
            defect.printStackTrace(err());
            return Main.NO_SANDBOX;
        }
    }

    private static PrintWriter err() {
        return new PrintWriter(System.err, true);
    }
}
