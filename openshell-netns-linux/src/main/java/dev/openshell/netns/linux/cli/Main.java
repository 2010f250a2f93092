package dev.openshell.netns.linux.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
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
        versionProvider = Version.class)
public final class Main implements Runnable {
    /** The exit status for bad usage. */
    static final int USAGE = 2;

    /** The exit status when the sandbox can't be made, or a question can't be answered. */
    static final int NO_SANDBOX = 125;

    @Spec
    private CommandSpec spec;

    private final Engine engine;

    Main(Engine engine) {
        this.engine = engine;
    }

    /** Runs one command and exits with its status. */
    public static void main(String[] arguments) {
        System.exit(guarded(arguments));
    }

    /** 1 says what a command found out: what the JVM can't do must not look like it. */
    private static int guarded(String... arguments) {
        try {
            return run(arguments);
        } catch (StackOverflowError | OutOfMemoryError e) {
            new PrintWriter(new FileOutputStream(FileDescriptor.err), true)
                    .println("openshell-netns: " + e + " (give the JVM more with -Xss or -Xmx)");
            return NO_SANDBOX;
        }
    }

    static int run(String... arguments) {
        Startup.prepare();
        Optional<PlainRun> plain = PlainRun.of(arguments);
        return plain.isPresent() ? plain.get().execute() : parsed(arguments);
    }

    private static int parsed(String... arguments) {
        CommandLine line = line(new LinuxEngine(), Commands.of(arguments));
        // The same bytes in every locale: JSON and SVG are UTF-8.
        line.setOut(new PrintWriter(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
        return line.execute(arguments);
    }

    static CommandLine line(Engine engine) {
        return line(engine, Commands.all());
    }

    /** Returns the command line that knows {@code commands} alone. */
    static CommandLine line(Engine engine, List<Class<?>> commands) {
        CommandLine line = new CommandLine(new Main(engine));
        commands.forEach(line::addSubcommand);
        // What begins with an @ is an argument, not a file of more arguments.
        line.setExpandAtFiles(false);
        line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
        if (line.getSubcommands().containsKey("run")) {
            line.getSubcommands().get("run").setStopAtPositional(true);
        }
        line.setParameterExceptionHandler((e, rest) -> Failures.usage(
                e.getCommandLine().getErr(), e.getCommandLine().getCommandSpec().qualifiedName(), e.getMessage()));
        line.setExecutionExceptionHandler((e, command, parsed) ->
                Failures.failure(command.getErr(), command.getCommandSpec().qualifiedName(), e));
        // 1 says what a command found out: a defect of ours must not look like it.
        line.getSubcommands().values().forEach(command -> command.getCommandSpec()
                .exitCodeOnExecutionException(NO_SANDBOX));
        return line;
    }

    Engine engine() {
        return engine;
    }

    @Override
    public void run() {
        String known = String.join(", ", spec.subcommands().keySet());
        throw new ParameterException(spec.commandLine(), "give a command: " + known);
    }
}
