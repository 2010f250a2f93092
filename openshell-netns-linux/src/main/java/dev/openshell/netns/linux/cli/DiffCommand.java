package dev.openshell.netns.linux.cli;

import dev.openshell.netns.PolicyDiff;
import dev.openshell.netns.SandboxPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code diff}: what changes between two policies, or from a live sandbox to a policy. */
@Command(
        name = "diff",
        mixinStandardHelpOptions = true,
        customSynopsis = {
            "openshell-netns diff [--json] [OPTIONS] -- [OPTIONS]",
            "       openshell-netns diff [--json] --live NAME [OPTIONS]"
        },
        description = {
            "Says what changes from the policy of the options before '--' to that of the options behind it.",
            "With --live it says what changes from a live sandbox to the policy; that needs privilege.",
            "A line with '+' is opened, one with '-' closed, and 'cut' is a flow that the change ends."
        },
        footer = {
            "",
            PolicyOptions.ENVIRONMENT + " On both sides.",
            "Exit status: 0 nothing changes; 1 something does; 2 bad usage; 125 a name, a nameserver or the sandbox"
                    + " can't be found, or a privilege is missing."
        })
final class DiffCommand implements Callable<Integer> {
    private static final int CHANGED = 1;
    private static final String END_OF_OPTIONS = "--";

    @Mixin
    private PolicyOptions policy;

    @Mixin
    private Output output;

    @Option(
            names = "--live",
            paramLabel = "NAME",
            description = "The live sandbox: its host interface (osh-...) or its name under /run/netns.")
    private @Nullable String live;

    @Parameters(arity = "0..*", paramLabel = "OPTIONS", hidden = true)
    private List<String> behind = new ArrayList<>();

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    /** The side behind {@code --}. */
    private static final class Other {
        @Mixin
        private PolicyOptions policy;

        @Mixin
        private Output output;
    }

    @Override
    public Integer call() {
        PolicyDiff diff = diff();
        List<String> lines = diff.isEmpty()
                ? List.of("nothing changes")
                : diff.toString().lines().toList();
        output.print(lines, () -> Json.of(diff));
        return diff.isEmpty() ? 0 : CHANGED;
    }

    private PolicyDiff diff() {
        boolean twoSides = !behind.isEmpty()
                || spec.commandLine().getParseResult().originalArgs().contains(END_OF_OPTIONS);
        SandboxPolicy first = policy.builder().policy();
        if (live != null) {
            if (twoSides) {
                throw bad("--live takes one policy; leave out '--' and what is behind it");
            }
            return main.engine().live(live, first);
        }
        if (!twoSides) {
            throw bad("give the other policy behind '--', or a sandbox with --live");
        }
        SandboxPolicy other = other();
        return main.engine().inspect(first).diff(other);
    }

    private SandboxPolicy other() {
        Other other = new Other();
        try {
            new CommandLine(other).parseArgs(behind.toArray(String[]::new));
        } catch (ParameterException e) {
            throw bad("behind '--': " + e.getMessage());
        }
        output.join(other.output);
        return other.policy.builder().policy();
    }

    private ParameterException bad(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
