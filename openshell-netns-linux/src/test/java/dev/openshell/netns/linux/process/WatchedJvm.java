package dev.openshell.netns.linux.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A JVM with a watchdog, and its sandboxes: namespaces with a permanent neighbour. {@link #close()} ends all. */
final class WatchedJvm implements AutoCloseable {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final long GUARD_SECONDS = 60;

    private final Process process;
    private final Writer in;
    private final BufferedReader out;
    private final List<Sandbox> sandboxes = new ArrayList<>();
    private final List<ProcessHandle> outside = new ArrayList<>();
    private final Path errors;

    /** A sandbox as far as the watchdog can tell. */
    record Sandbox(String name, String mac) {}

    /** Starts a JVM whose watchdog runs in {@code shell}; in the usual one if that is empty. */
    WatchedJvm(String... shell) throws IOException {
        // a session of its own, so that a signal to its process group reaches no one else
        List<String> command = new ArrayList<>(List.of(
                "setsid",
                ProcessHandle.current().info().command().orElseThrow(),
                // Later ones say on stderr that native code is loaded.
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                WatchdogOwner.class.getName()));
        command.addAll(List.of(shell));
        errors = Files.createTempFile("wd-", ".err");
        process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        in = process.outputWriter();
        out = process.inputReader();
    }

    Sandbox sandbox() {
        String name = String.format("wd-%08x", RANDOM.nextInt());
        byte[] tail = new byte[4];
        RANDOM.nextBytes(tail);
        String mac = String.format("02:ab:%02x:%02x:%02x:%02x", tail[0], tail[1], tail[2], tail[3]);
        ip("netns", "add", name);
        Sandbox sandbox = new Sandbox(name, mac);
        sandboxes.add(sandbox);
        ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", "eth1");
        ip("-n", name, "addr", "add", "10.200.0.2/30", "dev", "eth0");
        ip("-n", name, "link", "set", "eth0", "up");
        ip("-n", name, "neigh", "add", "10.200.0.1", "lladdr", mac, "dev", "eth0", "nud", "permanent");
        return sandbox;
    }

    /** Makes {@code sandbox} believe, as it might be told by ARP, that its neighbour is that of {@code other}. */
    void mislead(Sandbox sandbox, Sandbox other) {
        ip(
                "-n",
                sandbox.name(),
                "neigh",
                "replace",
                "10.200.0.1",
                "lladdr",
                other.mac(),
                "dev",
                "eth0",
                "nud",
                "reachable");
    }

    /** Returns the watchdog's number once it knows of {@code sandbox}. */
    int tie(Sandbox sandbox) throws IOException {
        return watchdog("tie " + sandbox.mac());
    }

    int untie(Sandbox sandbox) throws IOException {
        return watchdog("untie " + sandbox.mac());
    }

    int watchdog(String request) throws IOException {
        String answer = ask(request);
        assertThat(answer).matches("watchdog [0-9]+");
        return Integer.parseInt(answer.substring("watchdog ".length()));
    }

    /** Returns a shell with {@code script}, in {@code sandbox}. */
    int start(Sandbox sandbox, String script) throws IOException {
        String answer = ask("start " + sandbox.name() + " " + script.replace('\n', '\u0001'));
        assertThat(answer).matches("[0-9]+");
        return Integer.parseInt(answer);
    }

    /** Returns a child of the JVM's that is in no sandbox. */
    int startOutside() throws IOException {
        int pid = Integer.parseInt(ask("outside"));
        outside.add(ProcessHandle.of(pid).orElseThrow());
        return pid;
    }

    String ask(String request) throws IOException {
        in.write(request + "\n");
        in.flush();
        return out.readLine();
    }

    long pid() {
        return process.pid();
    }

    void kill() {
        process.destroyForcibly();
        waitFor();
    }

    /** Lets the JVM come to its end, and returns its exit status. */
    int finish() throws IOException {
        in.close();
        return waitFor();
    }

    /** Returns the exit status of a JVM that something else ends. */
    int waitFor() {
        process.onExit().orTimeout(GUARD_SECONDS, TimeUnit.SECONDS).join();
        return process.exitValue();
    }

    String errors() throws IOException {
        return Files.readString(errors);
    }

    /** Returns the processes in {@code sandbox}. */
    static Set<Integer> inside(Sandbox sandbox) {
        try {
            long inode = (Long) Files.getAttribute(Path.of("/run/netns", sandbox.name()), "unix:ino");
            Membership membership = Membership.of(inode);
            return ProcTable.others().stream()
                    .filter(pid -> membership.has(pid) && isAlive(pid))
                    .collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns {@code pid} and its descendants, wherever they are. */
    static Set<Integer> family(int pid) {
        return ProcessHandle.of(pid).stream()
                .flatMap(root -> Stream.concat(Stream.of(root), root.descendants()))
                .map(handle -> (int) handle.pid())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns false for a zombie too: without an init that reaps, an orphan stays one. */
    static boolean isAlive(int pid) {
        return ProcTable.entry(pid).filter(entry -> !entry.zombie()).isPresent();
    }

    @Override
    public void close() throws IOException {
        kill();
        outside.forEach(ProcessHandle::destroyForcibly);
        for (Sandbox sandbox : sandboxes) {
            long inode = (Long) Files.getAttribute(Path.of("/run/netns", sandbox.name()), "unix:ino");
            NamespaceProcesses.of(inode).end(Duration.ZERO);
            ip("netns", "del", sandbox.name());
        }
        Files.delete(errors);
    }

    private static void ip(String... arguments) {
        List<String> command = new ArrayList<>(List.of(arguments));
        command.add(0, "ip");
        try {
            TestNamespace.Result result = TestNamespace.runOutside(command.toArray(String[]::new));
            assertThat(result.status()).as(command + ": " + result.output()).isZero();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
