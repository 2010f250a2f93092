package dev.openshell.netns.linux.cli;

import dev.openshell.netns.NetnsSandbox;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sun.misc.Signal;

/** Runs one command in a sandbox of its own. It is apart from {@link RunCommand}, so that it needs no picocli. */
final class Running {
    private static final int CANNOT_RUN = 126;
    private static final int NOT_FOUND = 127;
    private static final String ENOENT = "2";

    private Running() {}

    /** Returns the exit status of {@code command}, or why it could not be started, which is said on {@code err}. */
    static int run(NetnsSandbox.Builder builder, List<String> command, Supplier<PrintWriter> err)
            throws InterruptedException {
        try (NetnsSandbox sandbox = builder.apply()) {
            ProcessBuilder builderOfCommand = new ProcessBuilder(command).inheritIO();
            builder.policy().proxyPort().ifPresent(port -> builderOfCommand
                    .environment()
                    .put("OPENSHELL_PROXY", sandbox.proxyUri().toString()));
            Process process;
            try {
                process = sandbox.start(builderOfCommand);
            } catch (IOException e) {
                err.get().println("openshell-netns: " + e.getMessage());
                return exitStatus(e);
            }
            // The terminal's Ctrl-C goes to COMMAND too, and it is for COMMAND to say what it means.
            Signal.handle(new Signal("INT"), signal -> {});
            return process.waitFor();
        }
    }

    private static int exitStatus(IOException e) {
        Matcher errno = Pattern.compile("error=([0-9]+)").matcher(String.valueOf(e.getMessage()));
        return errno.find() && errno.group(1).equals(ENOENT) ? NOT_FOUND : CANNOT_RUN;
    }
}
