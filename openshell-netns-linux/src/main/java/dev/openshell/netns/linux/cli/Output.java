package dev.openshell.netns.linux.cli;

import com.google.gson.JsonObject;
import dev.openshell.netns.NetnsException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How a command prints what it found: lines for people, or one JSON document. */
final class Output {
    @Option(names = "--json", description = "Print one JSON document instead.")
    private boolean json;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    boolean json() {
        return json;
    }

    /** Prints as JSON also where {@code other} was told to. */
    void join(Output other) {
        json |= other.json;
    }

    void print(List<String> lines, Supplier<JsonObject> document) {
        if (json) {
            print(document.get() + "\n");
            return;
        }
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(printable(line)).append('\n'));
        print(text.toString());
    }

    void print(String text) {
        PrintWriter out = command.commandLine().getOut();
        out.print(text);
        if (out.checkError()) {
            throw new NetnsException("write", "stdout", 0, "could not write all of it", "check where it goes", null);
        }
    }

    /** Returns the line without control characters: rules from elsewhere forge no line and steer no terminal. */
    static String printable(String line) {
        StringBuilder text = new StringBuilder();
        line.codePoints()
                .forEach(point -> text.append(
                        Character.isISOControl(point)
                                ? String.format(Locale.ROOT, "\\u%04x", point)
                                : Character.toString(point)));
        return text.toString();
    }
}
