package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.linux.base.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The programs that this project runs: where they are, and which version. Needs no privilege. */
public final class Programs {
    private Programs() {}

    /** Returns the program called {@code name} on the JVM's PATH, or in the system's directories where it has none. */
    public static Optional<Path> find(String name) {
        return Tool.find(name);
    }

    /**
     * Returns what {@code program} prints when asked for its version.
     *
     * @throws IOException when it can't be run
     * @throws KernelException when it can't be started
     */
    public static String version(Path program, Deadline deadline) throws IOException {
        return Tool.run(List.of(program.toString(), "--version"), "", deadline)
                .output()
                .strip();
    }
}
