package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.fuzz.Corpus;
import dev.openshell.netns.fuzz.Input;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import picocli.CommandLine;

/**
 * The command line with an argument a line, and behind {@code ---} what is in the file that the argument {@code RULES}
 * stands for. Its status is one of those documented, and what it says of bad input is no stack trace.
 */
public final class CommandLineFuzzTest {
    private static final Set<Integer> STATUSES = Set.of(0, 1, Main.USAGE, 3, Main.NO_SANDBOX);
    /** They do something on the machine. */
    private static final Set<String> NOT_HERE = Set.of("run", "demo", "gc", "doctor", "rehearse");

    private static final Engine ENGINE = FuzzEngine.create();

    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(CommandLineFuzzTest.class, CommandLineFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        List<String> parts = Input.two(input);
        List<String> words = parts.get(0).lines().toList();
        if (words.stream().anyMatch(word -> NOT_HERE.contains(word) || isFile(word)) || readsOther(words)) {
            return;
        }
        try {
            Path file = Files.createTempFile("rules", "");
            try {
                Files.writeString(file, parts.get(1));
                execute(words.stream()
                        .map(word -> word.equals("RULES") ? file.toString() : word)
                        .toArray(String[]::new));
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isFile(String word) {
        return word.startsWith("@") || word.startsWith("--svg") || word.startsWith("--rules=");
    }

    private static boolean readsOther(List<String> words) {
        int at = words.lastIndexOf("--rules");
        return at != words.indexOf("--rules")
                || at >= 0 && (at + 1 == words.size() || !words.get(at + 1).equals("RULES"));
    }

    private static void execute(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.line(ENGINE);
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        int status = line.execute(arguments);
        line.getErr().flush();
        assertThat(STATUSES).contains(status);
        assertThat(err.toString())
                .doesNotContain("\tat ")
                .matches(text -> text.chars().noneMatch(c -> c != '\n' && Character.isISOControl(c)), "is printable");
        assertThat(status != Main.USAGE && status != Main.NO_SANDBOX
                        || err.toString().startsWith("openshell-netns: "))
                .as(err.toString())
                .isTrue();
    }
}
