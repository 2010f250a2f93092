package dev.openshell.netns.linux.process;

import dev.openshell.netns.NetnsException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What {@code /proc} says about the machine's processes. A process that ends meanwhile is not there. */
final class ProcTable {
    private static final Path PROC = Path.of("/proc");
    private static final int ATTEMPTS = 10;

    private ProcTable() {}

    /** A process: {@code started} is in clock ticks since boot, and tells it from a later one of the same number. */
    record Entry(int pid, int parent, long started, boolean zombie) {
        boolean isSame(Entry other) {
            return pid == other.pid && started == other.started;
        }
    }

    /** Returns the numbers of all processes but the JVM's own. */
    static List<Integer> others() {
        int own = (int) ProcessHandle.current().pid();
        List<Integer> others = new ArrayList<>(numbers(PROC));
        others.remove(Integer.valueOf(own));
        return others;
    }

    /** Returns what {@code /proc/PID/stat} says (proc(5)). */
    static Optional<Entry> entry(int pid) {
        return read(PROC.resolve(pid + "/stat"), file -> Files.readString(file, StandardCharsets.ISO_8859_1))
                .map(stat -> {
                    // the name may hold anything, also spaces and parentheses
                    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
                    boolean dead = fields[0].equals("Z") || fields[0].equals("X");
                    return new Entry(
                            pid,
                            Integer.parseInt(fields[1]),
                            Long.parseLong(fields[19]),
                            dead && threads(pid).size() <= 1);
                });
    }

    /** Returns the number of processes and threads that were made since boot: {@code processes} of proc_stat(5). */
    static long births() {
        for (String line : read(PROC.resolve("stat"), Files::readAllLines).orElse(List.of())) {
            if (line.startsWith("processes ")) {
                return Long.parseLong(line.substring("processes ".length()));
            }
        }
        throw new NetnsException(
                "read", "/proc/stat", 0, "no line of processes", "the JVM must see the whole /proc", null);
    }

    /** Returns the numbers of a process's threads. */
    static List<Integer> threads(int pid) {
        return numbers(PROC.resolve(pid + "/task"));
    }

    /**
     * Returns the inode of a namespace of {@code task}, which is {@code PID} or {@code PID/task/TID}.
     *
     * @throws NetnsException whose cause is an AccessDeniedException if the JVM may not know
     */
    static OptionalLong namespace(String task, String type) {
        Optional<Path> link = read(PROC.resolve(task + "/ns/" + type), Files::readSymbolicLink);
        return link.isPresent() ? OptionalLong.of(inode(link.get())) : OptionalLong.empty();
    }

    /** Returns the number in a link such as {@code net:[4026531840]}. */
    static long inode(Path link) {
        String text = link.toString();
        return Long.parseLong(text.substring(text.indexOf('[') + 1, text.length() - 1));
    }

    /**
     * Returns the inode of {@code /proc/TASK/net/dev}: each network namespace has one of its own, and unlike the
     * namespace's link it may be seen of processes of other users without CAP_SYS_PTRACE.
     */
    static OptionalLong netDevice(String task) {
        Optional<Long> inode =
                read(PROC.resolve(task + "/net/dev"), file -> (Long) Files.getAttribute(file, "unix:ino"));
        return inode.isPresent() ? OptionalLong.of(inode.get()) : OptionalLong.empty();
    }

    private static List<Integer> numbers(Path directory) {
        return read(directory, ProcTable::list).orElse(List.of());
    }

    private static List<Integer> list(Path directory) throws IOException {
        List<Integer> numbers = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "[0-9]*")) {
            for (Path entry : entries) {
                numbers.add(Integer.valueOf(entry.getFileName().toString()));
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return numbers;
    }

    private interface Reading<T> {
        T of(Path file) throws IOException;
    }

    /**
     * Returns empty if the process has ended: ENOENT, or ESRCH, which has no class of its own in Java, and is told from
     * other errors by trying again.
     */
    private static <T> Optional<T> read(Path file, Reading<T> reading) {
        for (int attempt = 1; ; attempt++) {
            try {
                return Optional.of(reading.of(file));
            } catch (NoSuchFileException e) {
                return Optional.empty();
            } catch (IOException e) {
                if (e instanceof AccessDeniedException || attempt == ATTEMPTS) {
                    throw new NetnsException(
                            "read", file.toString(), 0, e.toString(), "the JVM must see all processes in /proc", e);
                }
            }
        }
    }
}
