package dev.openshell.netns.linux.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Programs of others, and JVMs with sandboxes, in the namespace of a world's pod. They have a {@code /run} of their
 * own, and in it the lock of iptables-legacy, which is for all namespaces of a machine.
 */
final class Crowd implements AutoCloseable {
    private final Cleanup cleanup = new Cleanup();
    private final PodWorld world;
    private final Path directory;
    private final Service run;
    private final List<Program> programs = new ArrayList<>();

    Crowd(PodWorld world) {
        this.world = world;
        try {
            directory = Files.createTempDirectory("osh-crowd-");
            cleanup.deleteLater(directory);
            run = cleanup.keep(Service.start(
                    "ready"::equals,
                    "unshare",
                    "--mount",
                    "sh",
                    "-ec",
                    "mount -t tmpfs tmpfs /run; echo ready; exec sleep 3600"));
            try (var script = Crowd.class.getResourceAsStream("neighbours.py")) {
                Files.copy(script, directory.resolve("neighbours.py"));
            }
        } catch (IOException e) {
            cleanup.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException | Error e) {
            cleanup.close();
            throw e;
        }
    }

    /** How often a program did what it does, how often something of its own was lost, and what failed. */
    record Rounds(String program, long rounds, long lost, long errors, String first) {
        static Rounds parse(String program, String line) {
            String[] words = line.split(" ", 4);
            return new Rounds(
                    program, Long.parseLong(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2]), words[3]);
        }
    }

    /** A program of somebody else's, which runs until it is ended. */
    static final class Program {
        private final String name;
        private final Process process;

        private Program(String name, Process process) {
            this.name = name;
            this.process = process;
        }

        Rounds end() throws IOException {
            process.getOutputStream().close();
            List<String> lines = process.inputReader().lines().toList();
            return Rounds.parse(name, lines.get(lines.size() - 1));
        }
    }

    /** Starts neighbours.py, which says what {@code arguments} can be. */
    Program add(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(PodWorld.python(), directory.resolve("neighbours.py").toString()));
        command.addAll(List.of(arguments));
        Program program = new Program(arguments[0], start(command));
        programs.add(program);
        return program;
    }

    /** Returns the path of a file with {@code text}. */
    String file(String text) throws IOException {
        return Files.writeString(Files.createTempFile(directory, "rules", ""), text)
                .toString();
    }

    /** Ends all programs. */
    List<Rounds> end() throws IOException {
        List<Rounds> rounds = new ArrayList<>();
        for (Program program : programs) {
            rounds.add(program.end());
        }
        return rounds;
    }

    /** Returns what {@link ContentionOwner} did in so many JVMs, all together. */
    Map<String, Long> owners(Setting setting, int jvms, int threads, int seconds) throws IOException {
        List<Process> owners = new ArrayList<>();
        for (int i = 0; i < jvms; i++) {
            owners.add(start(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                    ContentionOwner.class.getName(),
                    setting.word(),
                    world.resolvConf().toString(),
                    Integer.toString(threads),
                    Integer.toString(seconds))));
        }
        Map<String, Long> all = new TreeMap<>();
        for (Process owner : owners) {
            for (String line : owner.inputReader().lines().toList()) {
                String[] words = line.split(" ", 2);
                boolean number = words.length == 2 && words[0].matches("\\d+");
                String what = number ? words[1] : "failure said " + line;
                long count = number ? Long.parseLong(words[0]) : 1;
                all.merge(what, count, what.startsWith("ms ") ? Math::max : Long::sum);
            }
        }
        return all;
    }

    private Process start(List<String> command) throws IOException {
        List<String> all = new ArrayList<>(
                List.of("nsenter", "--mount=/proc/" + run.pid() + "/ns/mnt", "--net=" + world.podPath(), "--"));
        all.addAll(command);
        Process process = new ProcessBuilder(all).redirectErrorStream(true).start();
        cleanup.later(process::destroyForcibly);
        return process;
    }

    @Override
    public void close() {
        cleanup.close();
    }
}
