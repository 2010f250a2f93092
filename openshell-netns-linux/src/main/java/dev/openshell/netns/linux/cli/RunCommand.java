package dev.openshell.netns.linux.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

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
    @Mixin
    private PolicyOptions policy;

    @Parameters(arity = "1..*", paramLabel = "COMMAND [ARG...]", description = "What to run, after '--'.")
    private List<String> command;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        return Running.run(policy.builder(), command, () -> spec.commandLine().getErr());
    }
}
