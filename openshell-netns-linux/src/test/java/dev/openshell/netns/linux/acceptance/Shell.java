package dev.openshell.netns.linux.acceptance;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs the machine's own tools in the namespaces of the JVM. */
final class Shell {
    private Shell() {}

    /** An exit status, and what was written to both outputs. */
    record Result(int status, String output) {
        List<String> lines() {
            return output.lines().toList();
        }
    }

    /** Returns how {@code command} ended. */
    static Result run(String... command) {
        return feed("", command);
    }

    /** Returns what {@code command} wrote; fails unless it exits 0. */
    static String must(String... command) {
        return mustFeed("", command);
    }

    /** Returns what {@code command} wrote, given {@code input}; fails unless it exits 0. */
    static String mustFeed(String input, String... command) {
        Result result = feed(input, command);
        if (result.status() != 0) {
            throw new IllegalStateException(
                    String.join(" ", command) + ": exit status " + result.status() + ": " + result.output());
        }
        return result.output();
    }

    /** Returns how {@code command} ended, given {@code input}. */
    static Result feed(String input, String... command) {
        try {
            return finish(new ProcessBuilder(command).redirectErrorStream(true).start(), input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns how {@code process}, whose error output goes where its output does, ends when given {@code input}. */
    static Result finish(Process process, String input) throws IOException {
        try (OutputStream in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            if (!input.isEmpty()) {
                throw e;
            }
        }
        try (var out = process.getInputStream();
                var unused = process.getErrorStream()) {
            String output = new String(out.readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), output);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
