package dev.openshell.netns.linux.cli;

import dev.openshell.netns.Leftover;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code gc}: removes what owners that died have left. */
@Command(
        name = "gc",
        mixinStandardHelpOptions = true,
        description = {
            "Removes what sandboxes have left whose owner died, and prints a line for each thing.",
            "Each new sandbox does so too. Needs the privilege that a sandbox takes."
        },
        footer = {"", "Exit status: 0; 2 bad usage; 125 something can't be removed, or a privilege is missing."})
final class GcCommand implements Callable<Integer> {
    @Mixin
    private Output output;

    @Option(names = "--dry-run", description = "Print what would be removed, and leave it.")
    private boolean dryRun;

    @ParentCommand
    private Main main;

    @Override
    public Integer call() {
        List<Leftover> leftovers = main.engine().gc(dryRun);
        output.print(leftovers.stream().map(Leftover::toString).toList(), () -> Json.of(leftovers, dryRun));
        return 0;
    }
}
