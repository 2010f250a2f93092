package dev.openshell.netns.linux.cli;

import dev.openshell.netns.Backend;
import dev.openshell.netns.PolicyInspection;
import dev.openshell.netns.SandboxPlan;
import dev.openshell.netns.SandboxPolicy;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code plan}: what would be done and loaded. */
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        description = "Prints the iptables-restore input of a sandbox, without making it. Needs no privilege.",
        footer = {
            "",
            PolicyOptions.ENVIRONMENT,
            "Exit status: 0; 2 bad usage; 125 a name or a nameserver can't be found."
        })
final class PlanCommand implements Callable<Integer> {
    private static final String STDOUT = "-";

    @Mixin
    private PolicyOptions policy;

    @Mixin
    private Output output;

    @Option(names = "--steps", description = "Print what would be done, step by step, instead.")
    private boolean steps;

    @Option(
            names = "--svg",
            paramLabel = "FILE",
            description = "Draw the policy to FILE ('-' is stdout) instead, over what FILE held.")
    private @Nullable String svg;

    @ParentCommand
    private Main main;

    @Override
    public Integer call() {
        if ((steps ? 1 : 0) + (svg != null ? 1 : 0) + (output.json() ? 1 : 0) > 1) {
            throw new IllegalArgumentException("--json, --steps and --svg exclude each other; give one of them");
        }
        SandboxPolicy asked = policy.builder().policy();
        PolicyInspection inspection = main.engine().inspect(asked);
        if (svg != null) {
            draw(inspection.svg(), svg);
        } else if (steps || output.json()) {
            SandboxPlan plan = inspection.plan();
            output.print(numbered(plan), () -> Json.of(plan));
        } else {
            output.print(header(asked) + inspection.plan());
        }
        return 0;
    }

    /** The text is the same for both; which tables it means is not. */
    private static String header(SandboxPolicy policy) {
        return policy.backend() == Backend.NFTABLES
                ? "# backend=nftables: tables openshell-raw, openshell-nat and openshell-filter\n"
                : "";
    }

    private void draw(String picture, String file) {
        if (file.equals(STDOUT)) {
            output.print(picture);
        } else {
            TextFile.write("--svg", file, picture);
        }
    }

    private static List<String> numbered(SandboxPlan plan) {
        return IntStream.range(0, plan.steps().size())
                .mapToObj(index -> {
                    SandboxPlan.Step step = plan.steps().get(index);
                    return (index + 1 + ". " + step.name() + " " + step.object()).strip();
                })
                .toList();
    }
}
