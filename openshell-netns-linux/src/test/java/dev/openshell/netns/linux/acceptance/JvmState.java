package dev.openshell.netns.linux.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What this process holds.
 *
 * @param descriptors the targets of all descriptors but regular files of the JDK and of the class path, which the JVM
 *     opens as it likes
 * @param threads the names of all threads but those of the JDK's and JNA's own pools
 * @param foreignTasks the tasks that are in another network or mount namespace than the process's leader
 * @param mounts the mount points below /run/netns but those of worlds, of which others may come and go meanwhile
 */
record JvmState(List<String> descriptors, List<String> threads, List<String> foreignTasks, List<String> mounts) {
    private static final Pattern JVM_FILES =
            Pattern.compile(".*(\\.jar|\\.class|/lib/modules|\\.so|/u?random)$|/sys/fs/cgroup/.*");
    private static final Pattern WORLD =
            Pattern.compile("/run/netns/(.*osh-[a-z]+-[0-9a-f]{8}|wd-[0-9a-f]{8}|kil-.*|osh-test-.*)");
    private static final Pattern POOLED =
            Pattern.compile("process reaper.*|JNA Cleaner|Common-Cleaner|ForkJoinPool.*|surefire-.*|junit-.*");

    /** Returns what this process holds now. */
    static JvmState now() {
        return new JvmState(openDescriptors(), liveThreads(), tasksElsewhere(), mountsOfNamespaces());
    }

    private static List<String> openDescriptors() {
        List<String> found = new ArrayList<>();
        for (Path fd : list(Path.of("/proc/self/fd"))) {
            String target = link(fd);
            if (!target.isEmpty() && !JVM_FILES.matcher(target).matches() && !target.matches("/proc/\\d+/fd")) {
                found.add(target);
            }
        }
        Collections.sort(found);
        return List.copyOf(found);
    }

    private static List<String> liveThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> !POOLED.matcher(name).matches())
                .sorted()
                .toList();
    }

    private static List<String> tasksElsewhere() {
        String net = link(Path.of("/proc/self/ns/net"));
        String mnt = link(Path.of("/proc/self/ns/mnt"));
        List<String> found = new ArrayList<>();
        for (Path task : list(Path.of("/proc/self/task"))) {
            String itsNet = link(task.resolve("ns/net"));
            String itsMnt = link(task.resolve("ns/mnt"));
            boolean gone = itsNet.isEmpty() || itsMnt.isEmpty();
            if (!gone && !(itsNet.equals(net) && itsMnt.equals(mnt))) {
                found.add(task.getFileName() + " " + itsNet + " " + itsMnt);
            }
        }
        Collections.sort(found);
        return List.copyOf(found);
    }

    private static List<String> mountsOfNamespaces() {
        return allMounts().filter(point -> !WORLD.matcher(point).matches()).toList();
    }

    /** Returns all mount points below /run/netns that name {@code part}, those of worlds too. */
    static List<String> mountsNaming(String part) {
        return allMounts().filter(point -> point.contains(part)).toList();
    }

    private static Stream<String> allMounts() {
        try {
            return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                    .map(line -> line.split(" ")[4])
                    .filter(point -> point.startsWith("/run/netns/"))
                    .sorted();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> list(Path directory) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            List<Path> found = new ArrayList<>();
            entries.forEach(found::add);
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the link's target, or nothing where the entry is gone by now. */
    private static String link(Path path) {
        try {
            return Files.readSymbolicLink(path).toString();
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            if (!Files.exists(path)) {
                return "";
            }
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return "descriptors " + String.join("\n  ", descriptors) + "\nthreads " + String.join("\n  ", threads)
                + "\nforeign tasks " + foreignTasks + "\nmounts " + mounts;
    }
}
