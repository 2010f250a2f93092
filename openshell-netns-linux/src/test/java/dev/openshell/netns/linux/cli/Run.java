package dev.openshell.netns.linux.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** What a run of the command line left. */
record Run(int status, String out, String err) {
    /** Runs a command of words between blanks. */
    static Run of(Engine engine, String words) {
        return of(engine, words.isEmpty() ? new String[0] : words.split(" "));
    }

    static Run of(Engine engine, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.line(engine);
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        int status = line.execute(arguments);
        line.getOut().flush();
        line.getErr().flush();
        return new Run(status, out.toString(), err.toString());
    }
}
