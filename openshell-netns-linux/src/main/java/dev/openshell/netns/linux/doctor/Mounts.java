package dev.openshell.netns.linux.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What {@code /proc/thread-self/mountinfo} says (proc_pid_mountinfo(5)), in its order. */
record Mounts(List<Mount> all) {
    /**
     * A mount.
     *
     * @param shared whether what is mounted below it is seen in other mount namespaces
     * @param options those of the mount and of its filesystem
     */
    record Mount(Path point, String type, boolean shared, Set<String> options) {}

    static Mounts read() throws IOException {
        return parse(Files.readString(Path.of("/proc/thread-self/mountinfo")));
    }

    static Mounts parse(String text) {
        return new Mounts(text.lines().flatMap(line -> mount(line).stream()).toList());
    }

    private static Optional<Mount> mount(String line) {
        String[] halves = line.split(" - ", 2);
        String[] words = halves[0].split(" ");
        String[] rest = halves.length < 2 ? new String[0] : halves[1].split(" ");
        if (words.length < 6 || rest.length < 1) {
            return Optional.empty();
        }
        Set<String> options = Arrays.stream((words[5] + "," + rest[rest.length - 1]).split(","))
                .collect(Collectors.toSet());
        boolean shared = Arrays.stream(words).skip(6).anyMatch(field -> field.startsWith("shared:"));
        return Optional.of(new Mount(Path.of(unescaped(words[4])), rest[0], shared, options));
    }

    /** Blanks, tabs, line breaks and backslashes are written as three octal digits. */
    private static String unescaped(String point) {
        return point.replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\");
    }

    /** Returns the mount on top at exactly {@code point}. */
    Optional<Mount> at(String point) {
        Path path = Path.of(point);
        return all.stream().filter(mount -> mount.point().equals(path)).reduce((lower, upper) -> upper);
    }

    /** Returns the mount that {@code file} is on. */
    Optional<Mount> of(String file) {
        Path path = Path.of(file);
        return all.stream()
                .filter(mount -> path.startsWith(mount.point()))
                .reduce((one, other) -> depth(one) > depth(other) ? one : other);
    }

    private static int depth(Mount mount) {
        return mount.point().getNameCount();
    }
}
