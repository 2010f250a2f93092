package dev.openshell.netns.linux.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.process.WatchedJvm.Sandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The watchdog's own process: what it has, what it stands, and what comes of it when it dies. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(120)
class WatchdogLifeIT {
    private static final String MAC = "02:ab:00:00:00:01";

    private WatchedJvm jvm;
    private Sandbox sandbox;

    @BeforeEach
    void startJvm() throws Exception {
        jvm = new WatchedJvm();
        sandbox = jvm.sandbox();
    }

    @AfterEach
    void endJvm() throws Exception {
        jvm.close();
    }

    @Test
    void hasNothingOfTheJvms() throws Exception {
        int watchdog = jvm.tie(sandbox);
        Path proc = Path.of("/proc", Integer.toString(watchdog));
        assertThat(proc.resolve("fd").toFile().list()).containsExactlyInAnyOrder("0", "1", "2");
        assertThat(Files.readSymbolicLink(proc.resolve("fd/0")).toString()).startsWith("pipe:");
        assertThat(Files.readSymbolicLink(proc.resolve("fd/1"))).hasToString("/dev/null");
        assertThat(Files.readSymbolicLink(proc.resolve("fd/2"))).hasToString("/dev/null");
        assertThat(Files.readSymbolicLink(proc.resolve("cwd"))).hasToString("/");
        assertThat(Files.readString(proc.resolve("environ")).split("\0"))
                .containsExactlyInAnyOrder("PATH=/usr/bin:/bin", "LC_ALL=C");
        assertThat(stat(watchdog).subList(1, 4))
                .as("parent, process group, session")
                .containsExactly(Long.toString(jvm.pid()), Integer.toString(watchdog), Integer.toString(watchdog));
    }

    @Test
    void isAtHomeAlsoWhenTheCallerIsInside() throws Exception {
        int watchdog = jvm.watchdog("tie-inside " + sandbox.name() + " " + sandbox.mac());
        assertThat(WatchedJvm.inside(sandbox)).isEmpty();
        assertThat(ProcTable.namespace(Integer.toString(watchdog), "net"))
                .isEqualTo(ProcTable.namespace("self", "net"));
        int inside = jvm.start(sandbox, "exec sleep 1000");
        jvm.kill();
        TestNamespace.await("the process inside is gone", () -> !WatchedJvm.isAlive(inside));
    }

    @Test
    void oneForAllAndAnotherWhenItHasDied() throws Exception {
        Sandbox second = jvm.sandbox();
        Sandbox third = jvm.sandbox();
        Sandbox untied = jvm.sandbox();
        int watchdog = jvm.tie(sandbox);
        assertThat(jvm.tie(second)).isEqualTo(watchdog);
        assertThat(jvm.tie(untied)).isEqualTo(watchdog);
        signal("KILL", watchdog);
        TestNamespace.await("it has died", () -> !WatchedJvm.isAlive(watchdog));
        jvm.untie(untied);
        int another = jvm.tie(third);
        assertThat(another).isNotIn(0, watchdog);
        assertThat(Files.exists(Path.of("/proc", Integer.toString(watchdog)))).isFalse();
        List<Integer> tied = List.of(
                jvm.start(sandbox, "exec sleep 1000"),
                jvm.start(second, "exec sleep 1000"),
                jvm.start(third, "exec sleep 1000"));
        int free = jvm.start(untied, "exec sleep 1000");
        jvm.kill();
        TestNamespace.await("all are gone", () -> tied.stream().noneMatch(WatchedJvm::isAlive));
        TestNamespace.await("the watchdog is done", () -> !WatchedJvm.isAlive(another));
        assertThat(WatchedJvm.isAlive(free)).isTrue();
    }

    @Test
    void tyingAgainMakesSureOfIt() throws Exception {
        int watchdog = jvm.tie(sandbox);
        assertThat(jvm.tie(sandbox)).isEqualTo(watchdog);
        signal("KILL", watchdog);
        TestNamespace.await("it has died", () -> !WatchedJvm.isAlive(watchdog));
        assertThat(jvm.tie(sandbox)).isNotIn(0, watchdog);
        jvm.untie(sandbox);
        int inside = jvm.start(sandbox, "exec sleep 1000");
        int last = jvm.untie(sandbox);
        jvm.kill();
        TestNamespace.await("the watchdog is done", () -> !WatchedJvm.isAlive(last));
        assertThat(WatchedJvm.isAlive(inside)).isTrue();
    }

    @Test
    void standsTheTerminalsSignals() throws Exception {
        int watchdog = jvm.tie(sandbox);
        int inside = jvm.start(sandbox, "trap '' INT; exec sleep 1000");
        TestNamespace.await("it sleeps", () -> command(inside).equals("sleep"));
        for (String name : List.of("INT", "HUP", "TERM")) {
            signal(name, watchdog);
        }
        Thread.sleep(300);
        assertThat(WatchedJvm.isAlive(watchdog)).isTrue();
        // Ctrl-C reaches the JVM and its children, which are one process group
        signal("INT", -Math.toIntExact(Long.parseLong(stat((int) jvm.pid()).get(2))));
        assertThat(jvm.waitFor()).isEqualTo(128 + 2);
        TestNamespace.await("the process inside is gone", () -> !WatchedJvm.isAlive(inside));
        TestNamespace.await("the watchdog is done", () -> !WatchedJvm.isAlive(watchdog));
    }

    @Test
    void leavesNoDescriptorBehind() throws Exception {
        jvm.tie(sandbox);
        String before = jvm.ask("descriptors");
        int watchdog = jvm.watchdog("many 100 untie");
        assertThat(jvm.ask("descriptors")).isEqualTo(before);
        signal("KILL", watchdog);
        TestNamespace.await("it has died", () -> !WatchedJvm.isAlive(watchdog));
        jvm.watchdog("many 100 untie");
        assertThat(jvm.ask("descriptors")).isEqualTo(before);
        assertThat(jvm.errors()).isEmpty();
    }

    @Test
    void aFullPipeIsAnError() throws Exception {
        int watchdog = jvm.tie(sandbox);
        signal("STOP", watchdog);
        String answer = jvm.ask("many 20000 keep");
        assertThat(answer).contains("NetnsException").contains("process " + watchdog + " does not read");
        signal("CONT", watchdog);
        assertThat(jvm.watchdog("many 1000 untie")).isEqualTo(watchdog);
    }

    @Test
    void aShellThatFailsIsAnError() throws Exception {
        List<String> before = TestNamespace.descriptors();
        fails(2, "/no/such/shell");
        fails(13, "/etc/passwd");
        fails(32, "/bin/false");
        fails(11, "/bin/sh", "-c", "exec sleep 1000", "sh");
        // Those of earlier tests may go meanwhile.
        assertThat(before).containsAll(TestNamespace.descriptors());
        assertThat(ProcessHandle.current()
                        .children()
                        .filter(child -> child.info().command().orElse("").isEmpty()))
                .as("zombies")
                .isEmpty();
    }

    @Test
    void refusesWhatIsNoAddress() {
        for (String mac : List.of("", "02:AB:00:00:00:01", "02:ab:00:00:00", MAC + "\n", MAC + " *", "* * * * *")) {
            assertThatIllegalArgumentException().isThrownBy(() -> new Watchdog("/no/such/shell").tie(mac));
        }
    }

    private static void fails(int errno, String... shell) {
        Watchdog watchdog = new Watchdog(shell);
        assertThatExceptionOfType(NetnsException.class)
                .isThrownBy(() -> watchdog.tie(MAC))
                .withMessageContaining("watchdog")
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno))
                .satisfies(e -> assertThat(e.remedy()).contains("detached"));
        assertThat(watchdog.pid()).isZero();
        watchdog.untie(MAC);
    }

    private static void signal(String name, int pid) throws Exception {
        assertThat(TestNamespace.runOutside("kill", "-s", name, "--", Integer.toString(pid))
                        .status())
                .isZero();
    }

    private static String command(int pid) {
        try {
            return Files.readString(Path.of("/proc", Integer.toString(pid), "comm"))
                    .strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the fields of /proc/PID/stat from the state on. */
    private static List<String> stat(int pid) throws Exception {
        String stat = Files.readString(Path.of("/proc", Integer.toString(pid), "stat"));
        return Arrays.asList(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
    }
}
