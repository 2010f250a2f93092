package dev.openshell.netns.linux.cli;

import dev.openshell.netns.PolicyReport;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/** {@code report}: what remains possible under a policy. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = {
            "Says what remains possible under a policy, and what this machine adds or lacks, a line each.",
            "Needs no privilege."
        },
        footer = {
            "",
            PolicyOptions.ENVIRONMENT,
            "Exit status: 0 whatever there is to say; 2 bad usage; 125 a name or a nameserver can't be found."
        })
final class ReportCommand implements Callable<Integer> {
    @Mixin
    private PolicyOptions policy;

    @Mixin
    private Output output;

    @ParentCommand
    private Main main;

    @Override
    public Integer call() {
        PolicyReport report = main.engine().inspect(policy.builder().policy()).report();
        output.print(report.toString().lines().toList(), () -> Json.of(report));
        return 0;
    }
}
