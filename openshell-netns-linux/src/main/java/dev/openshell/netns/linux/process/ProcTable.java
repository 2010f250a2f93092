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

    private ProcTable() {}

    /** A process: {@code started} is in clock ticks since boot, and tells it from a later one of the same number. */
    record Entry(int pid, int parent, long started, boolean zombie) {
        boolean isSame(Entry other) {
            return pid == other.pid && started == other.started;
        }
    }

    /** Returns the numbers of all processes but the JVM's own. */
    static List<Integer> others() {
        List<Integer> pids = numbers(PROC);
        pids.remove(Integer.valueOf((int) ProcessHandle.current().pid()));
        return pids;
    }

    /** Returns what {@code /proc/PID/stat} says (proc(5)). */
    static Optional<Entry> entry(int pid) {
        Path file = PROC.resolve(pid + "/stat");
        String stat;
        try {
            stat = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            gone(file, e);
            return Optional.empty();
        }
        // the name may hold anything, also spaces and parentheses
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        boolean dead = fields[0].equals("Z") || fields[0].equals("X");
        return Optional.of(new Entry(
                pid,
                Integer.parseInt(fields[1]),
                Long.parseLong(fields[19]),
                dead && threads(pid).size() <= 1));
    }

    /** Returns the numbers of a process's threads. */
    static List<Integer> threads(int pid) {
        return numbers(PROC.resolve(pid + "/task"));
    }

    /** Returns the inode of a namespace of {@code task}, which is {@code PID} or {@code PID/task/TID}. */
    static OptionalLong namespace(String task, String type) throws AccessDeniedException {
        Path file = PROC.resolve(task + "/ns/" + type);
        try {
            String link = Files.readSymbolicLink(file).toString();
            return OptionalLong.of(Long.parseLong(link.substring(link.indexOf('[') + 1, link.length() - 1)));
        } catch (AccessDeniedException e) {
            throw e;
        } catch (IOException e) {
            gone(file, e);
            return OptionalLong.empty();
        }
    }

    /**
     * Returns the inode of {@code /proc/TASK/net/dev}: each network namespace has one of its own, and unlike the
     * namespace's link it may be seen of processes of other users without CAP_SYS_PTRACE.
     */
    static OptionalLong netDevice(String task) {
        Path file = PROC.resolve(task + "/net/dev");
        try {
            return OptionalLong.of((Long) Files.getAttribute(file, "unix:ino"));
        } catch (IOException e) {
            gone(file, e);
            return OptionalLong.empty();
        }
    }

    private static List<Integer> numbers(Path directory) {
        List<Integer> numbers = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "[0-9]*")) {
            entries.forEach(entry -> numbers.add(Integer.valueOf(entry.getFileName().toString())));
        } catch (IOException e) {
            gone(directory, e);
        } catch (DirectoryIteratorException e) {
            gone(directory, e.getCause());
        }
        return numbers;
    }

    /** Throws unless it is the process's end that made {@code path} fail: ENOENT, or ESRCH, which has no class. */
    private static void gone(Path path, IOException e) {
        Path process = PROC.resolve(PROC.relativize(path).getName(0));
        if (!(e instanceof NoSuchFileException) && Files.exists(process)) {
            throw new NetnsException(
                    "read", path.toString(), 0, e.getMessage(), "the JVM must be able to see all processes in /proc", e);
        }
    }
}
