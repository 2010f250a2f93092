package dev.openshell.netns.linux.acceptance;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** JVMs that are killed in the namespace of a world's pod, under a {@code /run} of their own; and what they leave. */
final class KillGround implements AutoCloseable {
    private final Cleanup cleanup = new Cleanup();
    private final Setting setting;
    private final PodWorld world;
    private final Path phase;
    private final Service run;
    private final int namespacesBefore;
    private final String word = "kil" + String.format("%08x", new SecureRandom().nextInt());

    KillGround(Setting setting, PodWorld world) {
        this.setting = setting;
        this.world = world;
        try {
            phase = Files.createTempFile("osh-kill-", ".phase");
            cleanup.later(() -> Files.delete(phase));
            run = cleanup.keep(Service.start(
                    "ready"::equals,
                    "unshare",
                    "--mount",
                    "sh",
                    "-ec",
                    "mount -t tmpfs tmpfs /run; echo ready; exec sleep 7200"));
            namespacesBefore = namespaces();
        } catch (IOException | RuntimeException | Error e) {
            cleanup.close();
            throw new IllegalStateException(e);
        }
    }

    /** A JVM that waits for what it is told. */
    static final class Owner {
        private final Process process;
        private final BufferedReader out;
        private final BufferedWriter in;

        private Owner(Process process) {
            this.process = process;
            this.out = process.inputReader();
            this.in = process.outputWriter();
        }

        /** Returns the answer to {@code line}. */
        String ask(String line) throws IOException {
            say(line);
            return hear();
        }

        void say(String line) throws IOException {
            in.write(line + "\n");
            in.flush();
        }

        String hear() throws IOException {
            return out.readLine();
        }

        /** Kills it, or waits until it has done so itself. */
        void kill(boolean byItself) throws InterruptedException {
            if (!byItself || !process.waitFor(30, TimeUnit.SECONDS)) {
                process.toHandle().destroyForcibly();
            }
            process.waitFor();
        }

        long pid() {
            return process.pid();
        }

        /** Returns what it has said, after its end. */
        List<String> said() {
            return out.lines().toList();
        }
    }

    /** Starts one, which is not waited for. */
    Owner owner() throws IOException {
        return owner(System.getenv("PATH"));
    }

    /** Starts one whose iptables-restore takes a second longer. */
    Owner slow() throws IOException {
        Path directory = Files.createTempDirectory("osh-slow-");
        cleanup.deleteLater(directory);
        for (String family : List.of("iptables", "ip6tables")) {
            String name = setting.tool().replaceFirst("iptables", family) + "-restore";
            Path real = Path.of(Shell.must("sh", "-c", "command -v " + name).strip());
            Path slow = Files.writeString(directory.resolve(name), "#!/bin/sh\nsleep 1\nexec " + real + " \"$@\"\n");
            Files.setPosixFilePermissions(slow, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return owner(directory + ":" + System.getenv("PATH"));
    }

    /** Starts one in a namespace of process ids of its own, where it is the first. */
    Owner apart() throws IOException {
        return owner(System.getenv("PATH"), "unshare", "--pid", "--fork", "--kill-child", "--mount-proc");
    }

    private Owner owner(String path, String... within) throws IOException {
        Files.write(phase, new byte[KillOwner.PHASE_LENGTH]);
        List<String> all = new ArrayList<>(enter());
        all.addAll(List.of(within));
        all.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                KillOwner.class.getName(),
                setting.word(),
                world.resolvConf().toString(),
                phase.toString(),
                word));
        ProcessBuilder builder = new ProcessBuilder(all).redirectErrorStream(true);
        builder.environment().put("PATH", path);
        Process process = builder.start();
        cleanup.later(process::destroyForcibly);
        return new Owner(process);
    }

    static Owner ready(Owner owner) throws IOException {
        String line = owner.out.readLine();
        if (!"ready".equals(line)) {
            throw new IllegalStateException(line + " " + owner.said());
        }
        return owner;
    }

    private List<String> enter() {
        return List.of("nsenter", "--mount=/proc/" + run.pid() + "/ns/mnt", "--net=" + world.podPath(), "--");
    }

    String inside(String... command) {
        List<String> all = new ArrayList<>(enter());
        all.addAll(List.of(command));
        return Shell.must(all.toArray(String[]::new));
    }

    /** Returns what the last one was about when it died. */
    String phase() throws IOException {
        return Files.readString(phase, StandardCharsets.US_ASCII).split("\0", 2)[0];
    }

    /**
     * What is there of sandboxes.
     *
     * @param namespaces those to which the pod has, or had, a link
     */
    record Left(int links, int rules, int names, int mounts, int namespaces) {
        static final Left NOTHING = new Left(0, 0, 0, 0, 0);
    }

    Left left() throws IOException {
        int rules = 0;
        if (setting.isNft()) {
            rules += count(inside("nft", "list", "ruleset"), "openshell-|OPENSHELL|osh-");
        }
        for (String tool : List.of(setting.tool(), setting.tool().replaceFirst("ip", "ip6"))) {
            rules += count(inside(tool + "-save"), "OPENSHELL|osh-");
        }
        List<String> mounts = Files.readAllLines(Path.of("/proc/" + run.pid() + "/mountinfo"));
        return new Left(
                count(inside("ip", "-o", "link"), " osh-"),
                rules,
                count(inside("sh", "-c", "ls /run/netns 2>/dev/null || true"), "."),
                count(String.join("\n", mounts), " /run/netns/kil-"),
                namespaces() - namespacesBefore);
    }

    /** Returns whether there is a sandbox that may do what its policy allows, which is loaded last. */
    boolean isAllowing() {
        return setting.isNft()
                ? count(inside("nft", "list", "ruleset"), "\"osh-[a-z0-9]+\" \\. ") > 0
                : count(inside(setting.tool() + "-save"), "^-A OPENSHELL-TO ") > 0;
    }

    /** The kernel numbers the namespaces at the other ends of links, and forgets the number when the namespace ends. */
    private int namespaces() {
        return count(inside("ip", "netns", "list-id"), "nsid");
    }

    private static int count(String text, String pattern) {
        return (int) text.lines()
                .filter(java.util.regex.Pattern.compile(pattern).asPredicate())
                .count();
    }

    /** Returns how many processes there are that the JVMs have started inside. */
    long processes() throws IOException {
        return inside().size();
    }

    /** Ends them. */
    void endProcesses() throws IOException {
        inside().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
    }

    private List<Long> inside() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc"))) {
            return all.filter(path -> path.getFileName().toString().matches("\\d+"))
                    .filter(this::isOne)
                    .map(path -> Long.valueOf(path.getFileName().toString()))
                    .toList();
        }
    }

    private boolean isOne(Path process) {
        try {
            String command = Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
            return command.startsWith("bash\0") && command.contains("# " + word);
        } catch (IOException gone) {
            return false;
        }
    }

    @Override
    public void close() {
        cleanup.close();
    }
}
