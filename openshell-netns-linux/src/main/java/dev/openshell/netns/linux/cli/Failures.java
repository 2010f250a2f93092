package dev.openshell.netns.linux.cli;

import dev.openshell.netns.NetnsException;
import java.io.PrintWriter;

/** What is said when a command fails, and the exit status. */
final class Failures {
    private Failures() {}

    /** Says what is wrong with the usage of {@code command}, such as {@code openshell-netns run}. */
    static int usage(PrintWriter err, String command, String message) {
        err.println("openshell-netns: " + Output.printable(message));
        err.println("Try '" + command + " --help'.");
        return Main.USAGE;
    }

    /**
     * Says why {@code command} failed.
     *
     * @throws Exception {@code e}, where it is a defect
     */
    static int failure(PrintWriter err, String command, Exception e) throws Exception {
        if (e instanceof IllegalArgumentException) {
            return usage(err, command, String.valueOf(e.getMessage()));
        }
        if (!(e instanceof NetnsException)) {
            throw e;
        }
        err.println("openshell-netns: " + Output.printable(String.valueOf(e.getMessage())));
        for (Throwable suppressed : e.getSuppressed()) {
            err.println("openshell-netns: and then: " + Output.printable(String.valueOf(suppressed.getMessage())));
        }
        return Main.NO_SANDBOX;
    }
}
