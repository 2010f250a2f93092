package dev.openshell.netns.linux.cli;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.Preflight.Status;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code doctor}: whether this machine can make sandboxes. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = {
            "Tries all that a sandbox needs and says what is in the way, a line for each thing that was looked at:",
            "'ok', 'warning' or 'failure', its name and what was seen; below it what to do.",
            "Changes nothing. Without privilege it says what it could not look at."
        },
        footer = {"", "Exit status: 0 nothing failed, warnings or not; 1 something failed; 2 bad usage."})
final class DoctorCommand implements Callable<Integer> {
    private static final int FAILED = 1;

    @Mixin
    private Output output;

    @Option(
            names = "--iptables",
            paramLabel = "auto|nft|legacy",
            description = "Look at this variant of iptables (auto).")
    private @Nullable String iptables;

    @Option(
            names = "--backend",
            paramLabel = "iptables|nftables",
            description = "Look at what this backend needs (iptables).")
    private @Nullable String backend;

    @ParentCommand
    private Main main;

    @Override
    public Integer call() {
        NetnsSandbox.Builder builder = NetnsSandbox.builder();
        if (iptables != null) {
            builder.iptables(PolicyOptions.variant(iptables));
        }
        if (backend != null) {
            builder.backend(PolicyOptions.backend(backend, iptables));
        }
        Preflight preflight = main.engine().preflight(builder.policy());
        output.print(preflight.toString().lines().toList(), () -> Json.of(preflight));
        return preflight.worst() == Status.FAILURE ? FAILED : 0;
    }
}
