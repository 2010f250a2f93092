package dev.openshell.netns.linux.cli;

import dev.openshell.netns.NetnsSandbox;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import sun.misc.Signal;

/** {@code run}: one command in a sandbox of its own. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Runs COMMAND in a sandbox and exits with its status.",
        footer = {
            "",
            PolicyOptions.ENVIRONMENT,
            "COMMAND finds the proxy's address in OPENSHELL_PROXY.",
            "Exit status: COMMAND's; 2 bad usage; 125 no sandbox; 126 COMMAND can't run; 127 not found."
        })
final class RunCommand implements Callable<Integer> {
    private static final int CANNOT_RUN = 126;
    private static final int NOT_FOUND = 127;
    private static final Pattern ERRNO = Pattern.compile("error=([0-9]+)");
    private static final String ENOENT = "2";

    @Mixin
    private PolicyOptions policy;

    @Parameters(arity = "1..*", paramLabel = "COMMAND [ARG...]", description = "What to run, after '--'.")
    private List<String> command;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        NetnsSandbox.Builder builder = policy.builder();
        try (NetnsSandbox sandbox = builder.apply()) {
            ProcessBuilder builderOfCommand = new ProcessBuilder(command).inheritIO();
            builder.policy().proxyPort().ifPresent(port -> builderOfCommand
                    .environment()
                    .put("OPENSHELL_PROXY", sandbox.proxyUri().toString()));
            Process process;
            try {
                process = sandbox.start(builderOfCommand);
            } catch (IOException e) {
                spec.commandLine().getErr().println("openshell-netns: " + e.getMessage());
                return exitStatus(e);
            }
            // The terminal's Ctrl-C goes to COMMAND too, and it is for COMMAND to say what it means.
            Signal.handle(new Signal("INT"), signal -> {});
            return process.waitFor();
        }
    }

    private static int exitStatus(IOException e) {
        Matcher errno = ERRNO.matcher(String.valueOf(e.getMessage()));
        return errno.find() && errno.group(1).equals(ENOENT) ? NOT_FOUND : CANNOT_RUN;
    }
}
