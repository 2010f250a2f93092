package dev.openshell.netns.linux.cli;

import dev.openshell.netns.NetnsException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line's entry. Says nothing on either stream but what it was asked for, and errors. */
@Command(
        name = "openshell-netns",
        description = "Runs a command in a network namespace in which nothing is reachable unless you say so.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        subcommands = {RunCommand.class, PlanCommand.class, DemoCommand.class})
public final class Main implements Runnable {
    /** The exit status for bad usage. */
    static final int USAGE = 2;

    /** The exit status when the sandbox can't be made. */
    static final int NO_SANDBOX = 125;

    @Spec
    private CommandSpec spec;

    Main() {}

    /** Runs one command and exits with its status. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    static int run(String... arguments) {
        CommandLine line = new CommandLine(new Main());
        line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
        line.getSubcommands().get("run").setStopAtPositional(true);
        line.setParameterExceptionHandler((e, rest) -> usage(e.getCommandLine(), e.getMessage()));
        line.setExecutionExceptionHandler((e, command, parsed) -> failure(command, e));
        return line.execute(arguments);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "give a command: run, plan or demo");
    }

    private static int usage(CommandLine command, String message) {
        PrintWriter err = command.getErr();
        err.println("openshell-netns: " + message);
        err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        return USAGE;
    }

    private static int failure(CommandLine command, Exception e) throws Exception {
        if (e instanceof IllegalArgumentException) {
            return usage(command, e.getMessage());
        }
        if (!(e instanceof NetnsException)) {
            throw e;
        }
        command.getErr().println("openshell-netns: " + e.getMessage());
        for (Throwable suppressed : e.getSuppressed()) {
            command.getErr().println("openshell-netns: and then: " + suppressed.getMessage());
        }
        return NO_SANDBOX;
    }
}
