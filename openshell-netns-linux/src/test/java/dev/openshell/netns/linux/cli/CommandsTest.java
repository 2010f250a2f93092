package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** A command line that knows one command says what the one that knows all of them says. */
class CommandsTest {
    private final ScriptedEngine engine = new ScriptedEngine();

    @Test
    void eachNameIsOfItsCommand() {
        for (Class<?> command : Commands.all()) {
            String name = command.getAnnotation(Command.class).name();
            assertThat(Commands.of(name, "--help")).as(name).isEqualTo(List.of(command));
        }
    }

    @Test
    void whatIsNoCommandIsForAllOfThem() {
        assertThat(Commands.of()).isEqualTo(Commands.all());
        assertThat(Commands.of("--help", "run")).isEqualTo(Commands.all());
        assertThat(Commands.of("rum")).isEqualTo(Commands.all());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run --help",
                "run",
                "run --nosuch",
                "run --proxy x -- true",
                "run --dns",
                "plan run",
                "plan --help",
                "plan --proxy 3128",
                "gc --dry-run",
                "rehearse extra",
                "help",
                "ru"
            })
    void saysTheSame(String words) {
        String[] arguments = words.split(" ");
        assertThat(run(Main.line(engine, Commands.of(arguments)), arguments))
                .isEqualTo(run(Main.line(engine, Commands.all()), arguments));
    }

    private static Run run(CommandLine line, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return new Run(line.execute(arguments), out.toString(), err.toString());
    }
}
