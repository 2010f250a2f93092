package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.NetnsSandbox;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Processes whose programs are bodies of the test. */
@ExtendWith(FakeKernelExtension.class)
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FakeProgramsTest {
    private static NetnsSandbox sandbox(FakeKernel kernel) {
        return NetnsSandbox.builder(kernel)
                .allowDns("10.43.0.10")
                .directTcp("203.0.113.10")
                .apply();
    }

    private static String inside(NetnsSandbox sandbox) {
        return sandbox.veth().sandboxAddress().getHostAddress();
    }

    private static String out(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static String err(Process process) throws IOException {
        return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void itSendsAndSeesWhatBecomesOfIt(FakeKernel kernel) throws Exception {
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            kernel.programs().add("node", context -> {
                for (String to : context.command().subList(1, 3)) {
                    Packet packet = Packet.tcp(inside(sandbox), 40000, to, 443);
                    context.stdout().println(to + " " + context.send(packet).verdict());
                    context.stdout().println(to + " " + kernel.send(packet).verdict());
                }
                return 7;
            });
            Process process = sandbox.start(new ProcessBuilder("node", "203.0.113.10", "203.0.113.11"));
            assertThat(process.waitFor()).isEqualTo(7);
            assertThat(out(process).lines())
                    .containsExactly(
                            "203.0.113.10 ACCEPT", "203.0.113.10 ACCEPT", "203.0.113.11 REJECT", "203.0.113.11 REJECT");
            assertThat(process.exitValue()).isEqualTo(7);
            assertThat(process.isAlive()).isFalse();
            assertThat(process.pid()).isEqualTo(1000);
            assertThat(process.onExit().get()).isSameAs(process);
            assertThat(process.info().command()).contains("node");
            assertThatThrownBy(process::toHandle).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void itSendsOnlyWhatAnOrdinarySocketCan(FakeKernel kernel) throws Exception {
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            String own = inside(sandbox);
            Packet syn = Packet.tcp(own, 40000, "203.0.113.10", 443);
            kernel.programs().add("probe", context -> {
                for (Packet refused : List.of(
                        Packet.tcp("10.200.77.77", 40000, "203.0.113.10", 443),
                        Packet.sctp(own, 40000, "203.0.113.10", 443),
                        Packet.icmp(own, "203.0.113.10", 3, 3),
                        Packet.of(47, own, "203.0.113.10"),
                        syn.withFlags(),
                        syn.withFlags(TcpFlag.SYN, TcpFlag.FIN),
                        syn.withMark(1))) {
                    assertThatThrownBy(() -> context.send(refused))
                            .isInstanceOf(SocketException.class)
                            .hasMessageStartingWith("Operation not permitted");
                }
                assertThat(context.send(syn).verdict()).isEqualTo(Trace.Verdict.ACCEPT);
                assertThat(context.send(Packet.udp(own, 40000, "10.43.0.10", 53))
                                .verdict())
                        .isEqualTo(Trace.Verdict.ACCEPT);
                assertThat(context.send(Packet.icmp(own, "203.0.113.10")).verdict())
                        .isNotEqualTo(Trace.Verdict.ACCEPT);
                return 0;
            });
            Process process = sandbox.start(new ProcessBuilder("probe"));
            assertThat(process.waitFor()).as(err(process)).isZero();
        }
    }

    @Test
    void anUnknownCommandFailsAsProcessBuilderDoes(FakeKernel kernel, @TempDir File directory) throws Exception {
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            assertThatThrownBy(() -> sandbox.start(new ProcessBuilder("sh", "-c", "true")))
                    .isInstanceOf(IOException.class)
                    .hasMessage("Cannot run program \"sh\": error=2, No such file or directory");
            assertThatThrownBy(() -> sandbox.start(new ProcessBuilder("sh").directory(directory)))
                    .hasMessage("Cannot run program \"sh\" (in directory \"" + directory
                            + "\"): error=2, No such file or directory");
            assertThatThrownBy(() -> sandbox.start(new ProcessBuilder())).isInstanceOf(RuntimeException.class);
            kernel.programs().add("sh", context -> context.directory().equals(directory.toPath()) ? 0 : 1);
            assertThat(sandbox.start(new ProcessBuilder("sh").directory(directory))
                            .waitFor())
                    .isZero();
            File missing = new File(directory, "missing");
            assertThatThrownBy(() -> sandbox.start(new ProcessBuilder("sh").directory(missing)))
                    .hasMessageContaining("(in directory \"" + missing + "\"): error=2");
        }
    }

    @Test
    void streamsArePipes(FakeKernel kernel) throws Exception {
        kernel.programs().add("upper", context -> {
            BufferedReader in = new BufferedReader(new InputStreamReader(context.stdin(), StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                context.stdout().println(line.toUpperCase(java.util.Locale.ROOT));
                context.stderr().println(line.length());
            }
            context.stdout().print(context.environment().get("KEY") + context.resolvConf());
            return 0;
        });
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            ProcessBuilder builder = new ProcessBuilder("upper");
            builder.environment().put("KEY", "value ");
            Process process = sandbox.start(builder);
            PrintStream in = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
            in.println("one");
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            assertThat(lines.readLine()).isEqualTo("ONE");
            assertThat(process.isAlive()).isTrue();
            assertThat(process.waitFor(1, TimeUnit.MILLISECONDS)).isFalse();
            assertThatThrownBy(process::exitValue).isInstanceOf(IllegalThreadStateException.class);
            in.println("three");
            in.close();
            assertThat(process.waitFor()).isZero();
            assertThat(lines.readLine()).isEqualTo("THREE");
            assertThat(lines.lines().toList().toString()).startsWith("[value ").contains("nameserver 10.43.0.10");
            assertThat(err(process).lines()).containsExactly("3", "5");
            assertThatThrownBy(() -> process.getOutputStream().write(1))
                    .isInstanceOf(IOException.class)
                    .hasMessage("Stream closed");
        }
    }

    @Test
    void nobodyHasToRead(FakeKernel kernel) throws Exception {
        kernel.programs().add("talker", context -> {
            context.stdout().write(new byte[1 << 20]);
            context.stderr().write(new byte[1 << 20]);
            return 0;
        });
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            Process process = sandbox.start(new ProcessBuilder("talker"));
            assertThat(process.waitFor()).isZero();
            assertThat(process.getInputStream().readAllBytes()).hasSize(1 << 20);
        }
    }

    @Test
    void redirectsGoToFiles(FakeKernel kernel, @TempDir Path directory) throws Exception {
        kernel.programs().add("copy", context -> {
            context.stdin().transferTo(context.stdout());
            context.stderr().print("!");
            return 0;
        });
        Path in = Files.writeString(directory.resolve("in"), "text");
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            ProcessBuilder builder = new ProcessBuilder("copy")
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(ProcessBuilder.Redirect.appendTo(err.toFile()));
            Process first = sandbox.start(builder);
            assertThat(first.waitFor()).isZero();
            assertThat(first.getInputStream().read()).isEqualTo(-1);
            assertThatThrownBy(() -> first.getOutputStream().write(1)).hasMessage("Stream closed");
            sandbox.start(builder).waitFor();
            assertThat(out).hasContent("text");
            assertThat(err).hasContent("!!");

            builder.redirectErrorStream(true);
            Process merged = sandbox.start(builder);
            merged.waitFor();
            assertThat(merged.getErrorStream().read()).isEqualTo(-1);
            assertThat(out).hasContent("text!");
            assertThat(sandbox.start(builder.redirectOutput(ProcessBuilder.Redirect.DISCARD))
                            .waitFor())
                    .isZero();
            assertThatThrownBy(() -> sandbox.start(builder.redirectInput(new File("/no/such/file"))))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("Cannot run program \"copy\": ");
        }
    }

    @Test
    void aBodyThatThrowsExitsWithOne(FakeKernel kernel) throws Exception {
        kernel.programs().add("bad", context -> {
            throw new IOException("out of luck");
        });
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            Process process = sandbox.start(new ProcessBuilder("bad"));
            assertThat(process.waitFor()).isEqualTo(1);
            assertThat(err(process)).contains("java.io.IOException: out of luck");
        }
    }

    @Test
    void destroyInterruptsAndForceDoesNotAsk(FakeKernel kernel) throws Exception {
        kernel.programs().add("sleep", context -> {
            Thread.sleep(60_000);
            return 0;
        });
        kernel.programs().add("cat", context -> {
            context.stdin().transferTo(context.stdout());
            return 0;
        });
        kernel.programs().add("trap", context -> {
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException e) {
                return 5;
            }
            return 0;
        });
        try (NetnsSandbox sandbox = sandbox(kernel)) {
            for (String program : List.of("sleep", "cat")) {
                Process process = sandbox.start(new ProcessBuilder(program));
                process.destroy();
                assertThat(process.waitFor()).isEqualTo(143);
                assertThatThrownBy(() -> process.getInputStream().read()).isInstanceOf(IOException.class);
            }
            Process trap = sandbox.start(new ProcessBuilder("trap"));
            trap.destroy();
            assertThat(trap.waitFor()).isEqualTo(5);
            assertThat(sandbox.start(new ProcessBuilder("sleep"))
                            .destroyForcibly()
                            .waitFor())
                    .isEqualTo(137);
        }
    }

    @Test
    void closeEndsWhatRunsInside(FakeKernel kernel) throws Exception {
        List<String> before = kernel.state();
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        CountDownLatch tried = new CountDownLatch(1);
        AtomicReference<Throwable> refused = new AtomicReference<>();
        NetnsSandbox sandbox = NetnsSandbox.builder(kernel)
                .directTcp("203.0.113.10")
                .terminationGrace(Duration.ofMillis(200))
                .apply();
        Packet allowed = Packet.tcp(inside(sandbox), 40000, "203.0.113.10", 443);
        kernel.programs().add("polite", context -> {
            Thread.sleep(60_000);
            return 0;
        });
        kernel.programs().add("deaf", context -> {
            assertThat(context.send(allowed).verdict()).isEqualTo(Trace.Verdict.ACCEPT);
            running.countDown();
            while (true) {
                try {
                    closed.await();
                    break;
                } catch (InterruptedException e) {
                    context.stdout().println("deaf");
                }
            }
            try {
                context.send(allowed);
            } catch (Throwable t) {
                refused.set(t);
            }
            tried.countDown();
            return 0;
        });
        Process polite = sandbox.start(new ProcessBuilder("polite"));
        Process deaf = sandbox.start(new ProcessBuilder("deaf"));
        running.await();
        sandbox.close();
        assertThat(polite.exitValue()).isEqualTo(143);
        assertThat(deaf.exitValue()).isEqualTo(137);
        assertThat(kernel.state()).isEqualTo(before);
        closed.countDown();
        tried.await();
        assertThat(refused.get()).isInstanceOf(FakeKernel.Died.class);
        assertThatThrownBy(() -> sandbox.start(new ProcessBuilder("polite"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aProcessEndsWithWhoeverStartedIt(FakeKernel kernel) throws Exception {
        kernel.programs().add("sleeper", context -> {
            new CountDownLatch(1).await();
            return 0;
        });
        FakeKernel other = kernel.otherProcess();
        List<String> before = kernel.state();
        Process sleeper = sandbox(other).start(new ProcessBuilder("sleeper"));
        other.die();
        assertThat(sleeper.waitFor()).isEqualTo(137);
        sandbox(kernel).close();
        assertThat(kernel.state()).isEqualTo(before);
    }

    @Test
    void oneOfADetachedSandboxOutlivesIt(FakeKernel kernel) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        kernel.programs().add("daemon", context -> {
            go.await();
            return 0;
        });
        FakeKernel other = kernel.otherProcess();
        List<String> before = kernel.state();
        NetnsSandbox sandbox =
                NetnsSandbox.builder(other).directTcp("203.0.113.10").detached().apply();
        long inode = sandbox.namespace().inode();
        Process daemon = sandbox.start(new ProcessBuilder("daemon"));
        other.die();
        assertThat(daemon.isAlive()).isTrue();
        assertThat(kernel.state()).anyMatch(line -> line.startsWith("net:[" + inode + "]"));
        go.countDown();
        assertThat(daemon.waitFor()).isZero();
        assertThat(kernel.state()).noneMatch(line -> line.startsWith("net:[" + inode + "]"));
        sandbox(kernel).close();
        assertThat(kernel.state()).isEqualTo(before);
    }
}
