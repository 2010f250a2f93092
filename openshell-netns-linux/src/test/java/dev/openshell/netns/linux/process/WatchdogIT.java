package dev.openshell.netns.linux.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.linux.process.WatchedJvm.Sandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A JVM is killed, and what it has started inside its sandboxes goes with it; nothing else does. */
@Tag("real-kernel")
@Timeout(120)
class WatchdogIT {
    private static final int LOOKS = 100;
    private static final String PYTHON = "import ctypes, os, threading, time, resource\n"
            + "libc = ctypes.CDLL(None)\n"
            + "end = time.time() + 30\n";

    /** The shells that this machine has of those that the script is written for. */
    static Stream<String> shells() {
        return Stream.of("/bin/sh", "/usr/bin/busybox ash")
                .filter(shell -> Files.isExecutable(Path.of(shell.split(" ")[0])));
    }

    @ParameterizedTest
    @MethodSource("shells")
    void endsWhatIsTiedAndNothingElse(String shell) throws Exception {
        try (WatchedJvm jvm = new WatchedJvm(shell.split(" "))) {
            Sandbox one = jvm.sandbox();
            Sandbox two = jvm.sandbox();
            Sandbox untied = jvm.sandbox();
            jvm.tie(one);
            jvm.tie(untied);
            jvm.tie(two);
            int watchdog = jvm.untie(untied);
            int first = jvm.start(one, "sleep 1000 & sleep 1000 & wait");
            int second = jvm.start(two, "exec sleep 1000");
            int neighbour = jvm.start(untied, "exec sleep 1000");
            int outside = jvm.startOutside();
            TestNamespace.await("both sleep", () -> family(first).size() == 3);
            assertThat(family(second)).isNotEmpty();
            Set<Integer> tied = WatchedJvm.inside(one);
            tied.addAll(WatchedJvm.inside(two));
            assertThat(tied).hasSize(4);
            jvm.kill();
            awaitEnd(watchdog, tied, one, two);
            assertThat(WatchedJvm.isAlive(neighbour)).isTrue();
            assertThat(WatchedJvm.isAlive(outside)).isTrue();
            assertThat(state(neighbour)).isEqualTo('S');
            assertThat(state(outside)).isEqualTo('S');
        }
    }

    @ParameterizedTest
    @MethodSource("shells")
    void daemonsThatIgnoreSignalsAndOtherUsers(String shell) throws Exception {
        endsAll(
                (pid, inside) -> inside.size() >= 4,
                "trap '' TERM INT HUP; (setsid sleep 1000 &); (setsid setpriv --reuid=65534 --clear-groups sleep 1000"
                        + " &)\n"
                        + "(sleep 1000 & kill -STOP $!); sleep 1000",
                shell);
    }

    @ParameterizedTest
    @MethodSource("shells")
    void aChildInANamespaceOfItsOwnWithADeceivingName(String shell) throws Exception {
        endsAll(
                (pid, inside) -> family(pid).size() == 3 && inside.size() == 1,
                "unshare -U -r -n python3 -c '" + PYTHON
                        + "libc.prctl(15, b\") S 1\\n1 (x\")\nif os.fork() == 0: os.setsid()\n"
                        + "time.sleep(1000)' & wait",
                shell);
    }

    @ParameterizedTest
    @MethodSource("shells")
    void aThreadThatOutlivesItsLeader(String shell) throws Exception {
        endsAll(
                (pid, inside) -> state(pid) == 'Z',
                "exec python3 -c '" + PYTHON
                        + "threading.Thread(target=lambda: time.sleep(1000)).start()\nlibc.syscall(60, 0)'",
                shell);
    }

    @ParameterizedTest
    @MethodSource("shells")
    void aThreadWhoseLeaderHasLeft(String shell) throws Exception {
        endsAll(
                (pid, inside) -> namespaces(pid) == 2,
                "exec unshare -U -r python3 -c '" + PYTHON
                        + "threading.Thread(target=lambda: time.sleep(1000)).start()\n"
                        + "libc.unshare(0x40000000)\ntime.sleep(1000)'",
                shell);
    }

    @ParameterizedTest
    @MethodSource("shells")
    void processesThatReplaceThemselves(String shell) throws Exception {
        String replace =
                "python3 -c '" + PYTHON + "while time.time() < end:\n  if os.fork(): os._exit(0)\n  os.setsid()";
        endsAll(
                (pid, inside) -> isAfter(Duration.ofSeconds(1), pid),
                replace + "\n  time.sleep(0.001)' & " + replace + "' & exec sleep 1000",
                shell);
    }

    /** Of at most 100 processes and 30 seconds. */
    @ParameterizedTest
    @MethodSource("shells")
    void processesThatForkAsFastAsTheyCan(String shell) throws Exception {
        endsAll(
                (pid, inside) -> inside.size() > 50,
                "exec python3 -c '" + PYTHON + "import signal\n"
                        + "signal.signal(17, signal.SIG_IGN)\n"
                        + "os.setgid(65534)\n"
                        + "os.setuid(65533)\n"
                        + "resource.setrlimit(resource.RLIMIT_NPROC, (100, 100))\n"
                        + "while time.time() < end:\n"
                        + "  try:\n"
                        + "    if os.fork() and os.fork(): time.sleep(0.01)\n"
                        + "  except OSError: pass'",
                shell);
    }

    @Test
    void aNeighbourThatWasLearntProvesNothing() throws Exception {
        try (WatchedJvm jvm = new WatchedJvm()) {
            Sandbox sandbox = jvm.sandbox();
            Sandbox misled = jvm.sandbox();
            jvm.mislead(misled, sandbox);
            int watchdog = jvm.tie(sandbox);
            int inside = jvm.start(sandbox, "exec sleep 1000");
            int elsewhere = jvm.start(misled, "exec sleep 1000");
            assertThat(Files.readString(Path.of("/proc", Integer.toString(elsewhere), "net/arp")))
                    .contains(sandbox.mac());
            jvm.kill();
            awaitEnd(watchdog, Set.of(inside), sandbox);
            assertThat(state(elsewhere)).isEqualTo('S');
        }
    }

    @Test
    void noneIsStartedBeforeTheFirstTieAndItGoesWithTheJvm() throws Exception {
        try (WatchedJvm jvm = new WatchedJvm()) {
            Sandbox sandbox = jvm.sandbox();
            assertThat(jvm.untie(sandbox)).isZero();
            int watchdog = jvm.tie(sandbox);
            int inside = jvm.start(sandbox, "exec sleep 1000");
            assertThat(jvm.untie(sandbox)).isEqualTo(watchdog);
            assertThat(jvm.finish()).isZero();
            TestNamespace.await("the watchdog is gone", () -> !WatchedJvm.isAlive(watchdog));
            assertThat(WatchedJvm.isAlive(inside)).isTrue();
            assertThat(jvm.errors()).isEmpty();
        }
    }

    /** Tells of the process that was started, and those inside, that the script has got to where it is of interest. */
    private interface Ready {
        boolean test(int pid, Set<Integer> inside);
    }

    private static void endsAll(Ready ready, String script, String shell) throws Exception {
        try (WatchedJvm jvm = new WatchedJvm(shell.split(" "))) {
            Sandbox sandbox = jvm.sandbox();
            int watchdog = jvm.tie(sandbox);
            int outside = jvm.startOutside();
            int inside = jvm.start(sandbox, script);
            TestNamespace.await("in full swing", () -> ready.test(inside, WatchedJvm.inside(sandbox)));
            Set<Integer> all = family(inside);
            all.addAll(WatchedJvm.inside(sandbox));
            jvm.kill();
            awaitEnd(watchdog, all, sandbox);
            assertThat(state(outside)).isEqualTo('S');
            assertThat(jvm.errors()).isEmpty();
        }
    }

    private static void awaitEnd(int watchdog, Set<Integer> pids, Sandbox... sandboxes) {
        TestNamespace.await("the watchdog is done", () -> !WatchedJvm.isAlive(watchdog));
        // What was killed last may still be on its way out.
        TestNamespace.await("all have ended", () -> pids.stream().noneMatch(WatchedJvm::isAlive));
        for (int look = 0; look < LOOKS; look++) {
            for (Sandbox sandbox : sandboxes) {
                assertThat(WatchedJvm.inside(sandbox)).isEmpty();
            }
        }
    }

    private static Set<Integer> family(int pid) {
        return WatchedJvm.family(pid);
    }

    private static char state(int pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Integer.toString(pid), "stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isAfter(Duration age, int pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().startInstant())
                .filter(start -> start.plus(age).isBefore(Instant.now()))
                .isPresent();
    }

    /** Returns how many network namespaces the process's threads are in. */
    private static long namespaces(int pid) {
        return ProcTable.threads(pid).stream()
                .map(thread -> ProcTable.namespace(pid + "/task/" + thread, "net"))
                .distinct()
                .count();
    }
}
