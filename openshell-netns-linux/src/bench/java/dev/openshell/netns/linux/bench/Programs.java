package dev.openshell.netns.linux.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Other programs, run to their ends. */
final class Programs {
    private static final List<String> MORE = List.of("/usr/local/sbin", "/usr/sbin", "/sbin");

    /** What a program left: its exit status, and both outputs as one. */
    record Run(int status, String output) {
        String lastLine() {
            return output.lines().reduce("", (before, line) -> line);
        }
    }

    private Programs() {}

    /** Returns those of {@code names} that are not installed. */
    static List<String> missing(String... names) {
        return Arrays.stream(names).filter(name -> !isInstalled(name)).toList();
    }

    private static boolean isInstalled(String name) {
        Stream<String> path =
                Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":"));
        return Stream.concat(path, MORE.stream()).anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
    }

    /** Runs a command in the network namespace at {@code namespace}. */
    static ProcessBuilder inside(Path namespace, String... command) {
        String[] whole = Stream.concat(Stream.of("nsenter", "--net=" + namespace), Arrays.stream(command))
                .toArray(String[]::new);
        return new ProcessBuilder(whole);
    }

    static Run run(ProcessBuilder command, String input) throws IOException, InterruptedException {
        // Where a shell of root's has no sbin in its PATH, as after plain su.
        command.environment().merge("PATH", String.join(":", MORE), (path, more) -> path + ":" + more);
        Process process = command.redirectErrorStream(true).start();
        try {
            try (OutputStream in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Run(process.waitFor(), output);
        } finally {
            process.destroyForcibly();
        }
    }
}
