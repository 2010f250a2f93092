package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Leftover;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.kernel.Kernel;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sweeping goes by numbers of processes and of namespaces, which others get once they are free. */
class SweepTest {
    private final FakeKernel kernel = Opened.host();
    private final List<String> before = kernel.state();
    private Opened stranger;
    private Process strangers;
    private Opened orphan;
    private Process orphans;

    @BeforeEach
    void open() throws IOException {
        kernel.programs().add("agent", context -> {
            new CountDownLatch(1).await();
            return 0;
        });
        stranger = Opened.of(
                kernel, NetnsSandbox.builder().directTcp("203.0.113.200").policy(), SandboxProperties.REAL);
        strangers = stranger.sandbox().start(new ProcessBuilder("agent"));
        FakeKernel owner = kernel.otherProcess();
        orphan = Opened.of(
                owner, NetnsSandbox.builder().directTcp("203.0.113.10").policy(), SandboxProperties.REAL);
        orphans = orphan.sandbox().start(new ProcessBuilder("agent"));
        byte[] mac = orphan.inside().link("eth0").peer().orElseThrow().mac();
        owner.untie(HexFormat.ofDelimiter(":").formatHex(mac));
        owner.die();
    }

    @AfterEach
    void close() {
        stranger.close();
        kernel.programs().killAll();
        assertThat(kernel.state()).isEqualTo(before);
    }

    /** What somebody else makes of a call. */
    private interface Interference {
        /** Returns the answer, or null for the kernel's own. */
        Object before(String call, Object[] arguments);
    }

    private List<Leftover> sweep(Interference interference) {
        FakeKernel sweeper = kernel.otherProcess();
        Kernel seen = (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    Object answer = interference.before(method.getName(), arguments);
                    if (answer != null) {
                        return answer;
                    }
                    try {
                        return method.invoke(sweeper, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        return new LinuxProvider(seen, Opened::resolve, "nameserver 10.43.0.10\n").sweep(false);
    }

    private Optional<Path> inStrangers() {
        return Optional.of(Path.of("/proc/" + strangers.pid() + "/ns/net"));
    }

    @Test
    void anotherOnesProcessHasTheNumber() {
        boolean[] told = {false};
        sweep((call, arguments) -> {
            boolean first = call.equals("member") && !told[0];
            told[0] |= first;
            return first ? inStrangers() : null;
        });
        assertThat(told[0]).isTrue();
        assertThat(orphans.isAlive()).isFalse();
        assertThat(strangers.isAlive()).isTrue();
        assertThat(orphan.traces()).isEmpty();
    }

    @Test
    void anotherOnesNamespaceHasTheInode() {
        long inode = orphan.inside().inode();
        boolean[] gone = {false};
        sweep((call, arguments) -> {
            if (call.equals("member")) {
                orphans.destroyForcibly();
                gone[0] = true;
                return inStrangers();
            }
            return call.equals("inode") && gone[0] ? inode : null;
        });
        assertThat(gone[0]).isTrue();
        assertThat(strangers.isAlive()).isTrue();
        assertThat(orphan.traces()).isEmpty();
    }

    /** A process of another user is not seen without CAP_SYS_PTRACE: it lives on, with the link down. */
    @Test
    void whoIsNotSeenIsCutOff() {
        // Without another one the standing deny goes as well.
        stranger.close();
        List<String> escaped = new ArrayList<>();
        sweep((call, arguments) -> {
            Escape escape = new Escape(kernel, orphan.inside(), orphan.reading().policy(), "before " + call, 0);
            escaped.addAll(escape.attempts(false));
            return call.equals("member") ? Optional.empty() : null;
        });
        assertThat(escaped).isEmpty();
        assertThat(orphans.isAlive()).isTrue();
        assertThat(orphan.traces()).isEmpty();
    }

    @Test
    void anotherOnesNameIsOfTheInode() throws IOException {
        long inode = orphan.inside().inode();
        int named = kernel.createNamespace();
        Path name = Path.of("/run/netns/strangers");
        kernel.publish(named, name, "");
        sweep((call, arguments) -> {
            if (call.equals("published")) {
                orphans.destroyForcibly();
                return List.of(new Kernel.Published(name, inode, ""));
            }
            return null;
        });
        assertThat(kernel.published()).extracting(Kernel.Published::path).containsExactly(name);
        assertThat(strangers.isAlive()).isTrue();
        assertThat(orphan.traces()).isEmpty();
        kernel.unpublish(name);
        kernel.close(named);
    }
}
