package dev.openshell.netns.linux.acceptance;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** A process that says when it is ready and lives until it is closed. */
final class Service implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;
    private final BufferedWriter input;
    private final String command;

    private Service(Process process, String command) {
        this.process = process;
        this.command = command;
        this.output = process.inputReader();
        this.input = process.outputWriter();
    }

    /** Starts {@code command} and waits for a line of its output that {@code ready} accepts. */
    static Service start(Predicate<String> ready, String... command) {
        return start(ProcessBuilder::start, ready, command);
    }

    /** As {@link #start(Predicate, String...)}, with the process started by {@code starter}. */
    static Service start(Probes.Starter starter, Predicate<String> ready, String... command) {
        try {
            Process process = starter.start(new ProcessBuilder(command).redirectErrorStream(true));
            Service service = new Service(process, String.join(" ", command));
            try {
                service.readUntil(ready);
                return service;
            } catch (RuntimeException e) {
                service.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a line to its input and returns the lines of its output up to the one that {@code last} accepts. */
    synchronized List<String> ask(String line, Predicate<String> last) {
        try {
            input.write(line);
            input.newLine();
            input.flush();
            return readUntil(last);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> readUntil(Predicate<String> last) {
        List<String> lines = new ArrayList<>();
        try {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                lines.add(line);
                if (last.test(line)) {
                    return lines;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException(command + " ended: " + lines);
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        boolean interrupted = false;
        while (true) {
            try {
                process.waitFor();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        try {
            output.close();
            input.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
