package dev.openshell.netns.linux.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.linux.process.TestNamespace.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Everything in the namespace ends, and nothing else. */
@Tag("real-kernel")
@Timeout(120)
class NamespaceProcessesIT {
    private static final Duration LONG = Duration.ofSeconds(60);

    private TestNamespace namespace;
    private final List<Process> started = new ArrayList<>();

    @BeforeEach
    void makeNamespace() throws Exception {
        namespace = new TestNamespace();
    }

    @AfterEach
    void removeAll() throws Exception {
        started.forEach(Process::destroyForcibly);
        NamespaceProcesses.ofDescriptor(namespace.descriptor()).end(Duration.ZERO);
        namespace.close();
        assertThat(TestNamespace.threadNamespaces()).hasSize(1);
    }

    @Test
    void nothingToEndReturnsAtOnce() throws Exception {
        NamespaceProcesses.of(namespace.inode()).end(Duration.ofDays(1));
        NamespaceProcesses.ofDescriptor(namespace.descriptor()).end(Duration.ofDays(1));
    }

    @Test
    void endsThoseInsideAndNoOther() throws Exception {
        Process outside = keep(new ProcessBuilder("sleep", "1000").start());
        try (TestNamespace other = new TestNamespace()) {
            Process neighbour = keep(other.starter().start(new ProcessBuilder("sleep", "1000")));
            Process inside = start("sleep", "1000");
            NamespaceProcesses.of(namespace.inode()).end(LONG);
            assertThat(inside.waitFor()).isEqualTo(128 + 15);
            assertThat(outside.isAlive()).isTrue();
            assertThat(neighbour.isAlive()).isTrue();
        }
    }

    @Test
    void waitsForAProcessThatTidiesUp() throws Exception {
        Process process =
                start("sh", "-c", "trap 'sleep 0.2; echo tidy; exit 3' TERM; echo up; while :; do sleep 0.05; done");
        assertThat(process.getInputStream().read()).isEqualTo('u');
        NamespaceProcesses.of(namespace.inode()).end(LONG);
        assertThat(process.waitFor()).isEqualTo(3);
        assertThat(new String(process.getInputStream().readAllBytes())).isEqualTo("p\ntidy\n");
    }

    @Test
    void killsWhatIgnoresTheSignal() throws Exception {
        Process process = start("sh", "-c", "trap '' TERM; echo up; while :; do sleep 1000; done");
        assertThat(process.getInputStream().read()).isEqualTo('u');
        NamespaceProcesses.of(namespace.inode()).end(Duration.ofMillis(50));
        assertThat(process.waitFor()).isEqualTo(128 + 9);
    }

    @Test
    void endsDaemonsOtherUsersStoppedOnesAndDescendantsElsewhere() throws Exception {
        List<ProcessHandle> all = new ArrayList<>();
        all.add(pid("setsid sleep 1000 > /dev/null & echo $!"));
        all.add(pid("setpriv --reuid=1234 --clear-groups setsid sleep 1000 > /dev/null & echo $!"));
        all.add(pid("sleep 1000 > /dev/null & kill -STOP $!; echo $!"));
        Process parent = start("sh", "-c", "unshare -U -r -n sleep 1000 > /dev/null & echo $!; wait");
        all.add(handle(parent));
        assertThat(all).allMatch(ProcessHandle::isAlive);
        TestNamespace.await(
                "in a namespace of its own", () -> !namespaceOf(all.get(3)).contains(inode()));
        NamespaceProcesses.of(namespace.inode()).end(Duration.ofMillis(200));
        TestNamespace.await("all are gone", () -> all.stream().noneMatch(NamespaceProcessesIT::runs));
    }

    @Test
    void endsAThreadThatOutlivesItsLeader() throws Exception {
        Process process = start(
                "python3",
                "-c",
                "import ctypes, threading, time\n"
                        + "threading.Thread(target=lambda: (print('up', flush=True), time.sleep(1000))).start()\n"
                        + "ctypes.CDLL(None).syscall(60, 0)");
        assertThat(process.getInputStream().read()).isEqualTo('u');
        Path stat = Path.of("/proc", Long.toString(process.pid()), "stat");
        TestNamespace.await("the leader is a zombie", () -> text(stat).contains(") Z "));
        NamespaceProcesses.of(namespace.inode()).end(LONG);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void endsProcessesThatReplaceThemselves() throws Exception {
        start("sh", "-c", "trap '' TERM; b() { sleep 0.05; b & }; for i in $(seq 30); do b & done; wait");
        TestNamespace.await("all are under way", () -> inside() > 5);
        NamespaceProcesses.of(namespace.inode()).end(Duration.ofMillis(10));
        assertThat(inside()).isZero();
    }

    @Test
    void interruptDoesNotStopIt() throws Exception {
        Process process = start("sh", "-c", "trap '' TERM; echo up; while :; do sleep 1000; done");
        assertThat(process.getInputStream().read()).isEqualTo('u');
        Thread.currentThread().interrupt();
        NamespaceProcesses.of(namespace.inode()).end(Duration.ofMillis(50));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(process.waitFor()).isEqualTo(128 + 9);
    }

    @Test
    void otherUsersAreFoundByAJvmThatMayNotTrace() throws Exception {
        // the JVM itself has CAP_SYS_PTRACE, so what it would go by otherwise is compared alone
        Process process = start("setpriv", "--reuid=1234", "--clear-groups", "cat");
        String pid = Long.toString(process.pid());
        Result look = TestNamespace.runOutside(
                "setpriv", "--reuid=4321", "--clear-groups", "stat", "-c", "%i", "/proc/" + pid + "/net/dev");
        assertThat(look.output().strip())
                .isEqualTo(Long.toString(ProcTable.netDevice(pid).getAsLong()));
        assertThat(ProcTable.netDevice(pid)).isNotEqualTo(ProcTable.netDevice("self"));
        assertThat(Membership.ofDescriptor(namespace.descriptor()).has((int) process.pid()))
                .isTrue();
    }

    private Process start(String... command) throws Exception {
        return keep(namespace.starter().start(new ProcessBuilder(command)));
    }

    private Process keep(Process process) {
        started.add(process);
        return process;
    }

    private ProcessHandle pid(String script) throws Exception {
        return handle(start("sh", "-c", script));
    }

    private static ProcessHandle handle(Process process) throws Exception {
        return ProcessHandle.of(Long.parseLong(process.inputReader().readLine()))
                .orElseThrow();
    }

    /** Without an init that reaps, an orphan stays a zombie. */
    private static boolean runs(ProcessHandle process) {
        return ProcTable.entry((int) process.pid())
                .filter(entry -> !entry.zombie())
                .isPresent();
    }

    private static String namespaceOf(ProcessHandle process) {
        try {
            return Files.readSymbolicLink(Path.of("/proc", Long.toString(process.pid()), "ns/net"))
                    .toString();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String inode() {
        try {
            return Long.toString(namespace.inode());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private long inside() {
        Membership membership = Membership.of(Long.parseLong(inode()));
        return ProcTable.others().stream()
                .filter(pid -> membership.has(pid)
                        && ProcTable.entry(pid).filter(entry -> !entry.zombie()).isPresent())
                .count();
    }

    private static String text(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
