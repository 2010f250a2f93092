package dev.openshell.netns.linux.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case is run twice, by the JDK and inside a namespace: what comes of it has to be the same. */
@Tag("real-kernel")
@Timeout(120)
class SandboxProcessIT {
    private interface Start {
        Process start(ProcessBuilder builder) throws IOException;
    }

    private interface Case {
        Object run(Start start, Path directory) throws Exception;
    }

    private TestNamespace namespace;

    @BeforeEach
    void makeNamespace() throws Exception {
        namespace = new TestNamespace();
    }

    @AfterEach
    void noThreadIsAstray() throws Exception {
        namespace.close();
        assertThat(TestNamespace.threadNamespaces()).hasSize(1);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void behavesAsTheJdk(String name, Case body, @TempDir Path directory) throws Exception {
        Object expected = body.run(ProcessBuilder::start, Files.createDirectory(directory.resolve("run")));
        Files.move(directory.resolve("run"), directory.resolve("jdk"));
        Object actual = body.run(namespace.starter()::start, Files.createDirectory(directory.resolve("run")));
        assertThat(actual).isEqualTo(expected);
    }

    static Stream<Arguments> cases() {
        return Stream.of(
                named("exit status", (start, dir) -> result(start, "sh", "-c", "exit 7")),
                named("largest exit status", (start, dir) -> result(start, "sh", "-c", "exit 255")),
                named("ended by a signal", (start, dir) -> result(start, "sh", "-c", "kill -9 $$")),
                named("ended by another signal", (start, dir) -> result(start, "sh", "-c", "kill -SEGV $$")),
                named("arguments", (start, dir) -> result(start, "printf", "[%s]", "", "a b", "'\"$x\n", "ä€😀", "-n")),
                named("inherited environment", (start, dir) -> result(start, "sh", "-c", "env -0 | sort -z")),
                named("empty environment", (start, dir) -> {
                    ProcessBuilder builder = new ProcessBuilder("/usr/bin/env", "-0");
                    builder.environment().clear();
                    return result(start.start(builder));
                }),
                named("changed environment", (start, dir) -> {
                    ProcessBuilder builder = new ProcessBuilder("/usr/bin/env", "-0");
                    builder.environment().clear();
                    builder.environment().put("A", "");
                    builder.environment().put("Ü", "ö=€\n");
                    return result(start.start(builder));
                }),
                named("the JVM's PATH is searched, not the process's", (start, dir) -> {
                    ProcessBuilder builder = new ProcessBuilder("true");
                    builder.environment().put("PATH", "/nowhere");
                    return result(start.start(builder));
                }),
                named(
                        "directory",
                        (start, dir) -> result(start.start(new ProcessBuilder("pwd").directory(dir.toFile())))),
                named("program beside the directory's files", (start, dir) -> {
                    script(dir.resolve("tool"), "#!/bin/sh\necho tool \"$@\"\n");
                    return result(start.start(new ProcessBuilder("./tool", "x").directory(dir.toFile())));
                }),
                named("script without an interpreter line", (start, dir) -> {
                    script(dir.resolve("tool"), "echo plain \"$@\"\n");
                    return result(start, dir.resolve("tool").toString(), "x", "y z");
                }),
                named("missing program", (start, dir) -> failure(start, new ProcessBuilder("no-such-program"))),
                named("missing path", (start, dir) -> failure(start, new ProcessBuilder("/no/such/program"))),
                named("empty name", (start, dir) -> failure(start, new ProcessBuilder(""))),
                named("not executable", (start, dir) -> failure(start, new ProcessBuilder("/etc/passwd"))),
                named("a directory as program", (start, dir) -> failure(start, new ProcessBuilder("/etc"))),
                named(
                        "missing directory",
                        (start, dir) -> failure(start, new ProcessBuilder("true").directory(new File("/no/such/dir")))),
                named("empty command", (start, dir) -> failure(start, new ProcessBuilder())),
                named("null argument", (start, dir) -> failure(start, new ProcessBuilder("true", null))),
                named("NUL in the program", (start, dir) -> failure(start, new ProcessBuilder("tr\0ue"))),
                named("NUL in an argument", (start, dir) -> failure(start, new ProcessBuilder("true", "a\0b"))),
                named("standard input", (start, dir) -> {
                    Process process = start.start(new ProcessBuilder("cat"));
                    try (OutputStream in = process.getOutputStream()) {
                        in.write("häppy".getBytes(StandardCharsets.UTF_8));
                    }
                    return result(process);
                }),
                named("10 MB each way", (start, dir) -> {
                    Process process = start.start(new ProcessBuilder("cat"));
                    byte[] chunk = new byte[10 << 20];
                    CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
                        try (OutputStream in = process.getOutputStream()) {
                            in.write(chunk);
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    });
                    int length = process.getInputStream().readAllBytes().length;
                    writer.join();
                    return List.of(length, process.waitFor());
                }),
                named("skipping in the output", (start, dir) -> {
                    Process process = start.start(new ProcessBuilder("seq", "100000"));
                    InputStream out = process.getInputStream();
                    return List.of(out.skip(3), (char) out.read(), out.readAllBytes().length, process.waitFor());
                }),
                named("two outputs", (start, dir) -> result(start, "sh", "-c", "echo out; echo err >&2")),
                named(
                        "one merged output",
                        (start, dir) -> result(start.start(
                                new ProcessBuilder("sh", "-c", "echo out; echo err >&2").redirectErrorStream(true)))),
                named("files", (start, dir) -> {
                    Files.writeString(dir.resolve("in"), "input");
                    Files.writeString(dir.resolve("out"), "something longer that is cut off");
                    Files.writeString(dir.resolve("err"), "kept ");
                    Object result = result(start.start(new ProcessBuilder("sh", "-c", "cat; echo err >&2")
                            .redirectInput(dir.resolve("in").toFile())
                            .redirectOutput(dir.resolve("out").toFile())
                            .redirectError(Redirect.appendTo(dir.resolve("err").toFile()))));
                    return List.of(result, Files.readString(dir.resolve("out")), Files.readString(dir.resolve("err")));
                }),
                named("merged into a file", (start, dir) -> {
                    Object result = result(start.start(new ProcessBuilder("sh", "-c", "echo out; echo err >&2")
                            .redirectErrorStream(true)
                            .redirectOutput(dir.resolve("new").toFile())));
                    return List.of(result, Files.readString(dir.resolve("new")));
                }),
                named(
                        "input of a missing file",
                        (start, dir) ->
                                failure(start, new ProcessBuilder("cat").redirectInput(new File("/no/such/file")))),
                named(
                        "input of a directory",
                        (start, dir) -> failure(start, new ProcessBuilder("cat").redirectInput(new File("/etc")))),
                named(
                        "output to a directory",
                        (start, dir) -> failure(start, new ProcessBuilder("true").redirectOutput(new File("/etc")))),
                named(
                        "discarded and inherited",
                        (start, dir) -> result(start.start(new ProcessBuilder("cat")
                                .redirectInput(new File("/dev/null"))
                                .redirectOutput(Redirect.DISCARD)
                                .redirectError(Redirect.INHERIT)))),
                named("writing to a redirected input", (start, dir) -> {
                    Process process = start.start(new ProcessBuilder("true").redirectInput(new File("/dev/null")));
                    process.waitFor();
                    return thrown(() -> process.getOutputStream().write(1));
                }),
                named("destroy", (start, dir) -> {
                    Process process = start.start(new ProcessBuilder("sleep", "1000"));
                    List<Object> seen = new ArrayList<>(List.of(process.isAlive(), thrown(process::exitValue)));
                    seen.add(process.waitFor(1, TimeUnit.MILLISECONDS));
                    seen.add(process.waitFor(0, TimeUnit.MILLISECONDS));
                    process.destroy();
                    seen.addAll(List.of(process.waitFor(), process.isAlive(), process.supportsNormalTermination()));
                    seen.add(thrown(() -> process.getInputStream().read()));
                    return seen;
                }),
                named("destroyForcibly", (start, dir) -> {
                    String script = "trap '' TERM; echo; exec sleep 1000";
                    Process process = start.start(new ProcessBuilder("sh", "-c", script));
                    process.getInputStream().read();
                    Process same = process.destroyForcibly();
                    return List.of(same == process, process.waitFor(5, TimeUnit.SECONDS), process.exitValue());
                }),
                named("destroy after the end", (start, dir) -> {
                    Process process = start.start(new ProcessBuilder("true"));
                    int status = process.waitFor();
                    process.destroy();
                    return List.of(status, process.exitValue());
                }),
                named("onExit", (start, dir) -> {
                    Process process = start.start(new ProcessBuilder("cat"));
                    CompletableFuture<Process> cancelled = process.onExit();
                    cancelled.cancel(false);
                    CompletableFuture<Process> exit = process.onExit();
                    boolean early = exit.isDone();
                    process.getOutputStream().close();
                    return List.of(
                            early,
                            exit.get() == process,
                            process.exitValue(),
                            process.onExit().get() == process);
                }),
                named("toHandle, info and toString", (start, dir) -> {
                    Process process = start.start(new ProcessBuilder("cat"));
                    ProcessHandle handle = process.toHandle();
                    List<Object> seen = new ArrayList<>(List.of(
                            handle.pid() == process.pid(),
                            handle.isAlive(),
                            handle.parent().orElseThrow().equals(ProcessHandle.current()),
                            process.info().command().orElse(""),
                            process.children().count(),
                            process.toString().replaceAll("[0-9]+", "N")));
                    CompletableFuture<ProcessHandle> exit = handle.onExit();
                    process.getOutputStream().close();
                    process.waitFor();
                    seen.addAll(List.of(
                            exit.get().equals(handle),
                            handle.isAlive(),
                            process.toString().endsWith("=0]")));
                    return seen;
                }),
                named("output is there after the end", (start, dir) -> {
                    Process process = start.start(new ProcessBuilder("sh", "-c", "echo out; echo err >&2"));
                    process.waitFor();
                    return result(process);
                }),
                named("file mode mask", (start, dir) -> result(start, "grep", "Umask", "/proc/self/status")));
    }

    @Test
    void startsFromAVirtualThread() throws Exception {
        ProcessStarter starter = namespace.starter();
        CompletableFuture<TestNamespace.Result> result = new CompletableFuture<>();
        thread(() -> {
            try {
                result.complete(TestNamespace.run(starter, "readlink", "/proc/self/ns/net"));
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        assertThat(result.get(60, TimeUnit.SECONDS).output()).isEqualTo("net:[" + namespace.inode() + "]\n");
    }

    @Test
    void manyLeaveNothingBehind() throws Exception {
        ProcessStarter starter = namespace.starter();
        TestNamespace.run(starter, "true");
        TestNamespace.await("what ran before is released", () -> threads() == 0);
        List<String> before = TestNamespace.descriptors();
        for (int i = 0; i < 200; i++) {
            assertThat(starter.start(new ProcessBuilder("true")).waitFor()).isZero();
        }
        TestNamespace.await(
                "descriptors as before", () -> TestNamespace.descriptors().equals(before));
        TestNamespace.await("no thread is left", () -> threads() == 0);
    }

    @Test
    void failuresLeaveNothingBehind() {
        ProcessStarter starter = namespace.starter();
        ProcessStarter closed = new ProcessStarter(Integer.MAX_VALUE, LandlockProbe.probe(), Optional.empty());
        ProcessStarter noResolvConf = new ProcessStarter(
                namespace.descriptor(), LandlockProbe.probe(), Optional.of(""), Path.of("/no/such/file"));
        ProcessBuilder good = new ProcessBuilder("true");
        thrown(() -> starter.start(new ProcessBuilder("no-such-program")));
        TestNamespace.await("what ran before is released", () -> threads() == 0);
        List<String> before = TestNamespace.descriptors();
        for (int i = 0; i < 20; i++) {
            assertThatThrownBy(() -> starter.start(new ProcessBuilder("no-such-program")))
                    .hasMessageContaining("error=2");
            assertThatThrownBy(
                            () -> starter.start(new ProcessBuilder("true").redirectError(new File("/no/such/dir/f"))))
                    .hasMessageContaining("/no/such/dir/f");
            assertThatThrownBy(() -> closed.start(good)).hasMessageContaining("setns");
            assertThatThrownBy(() -> noResolvConf.start(good))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("/no/such/file")
                    .hasMessageContaining("create it");
        }
        assertThat(TestNamespace.descriptors()).isEqualTo(before);
        TestNamespace.await("no thread is left", () -> threads() == 0);
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    @Test
    void descriptorsAreReleasedThoughNobodyReads() throws Exception {
        ProcessStarter starter = namespace.starter();
        TestNamespace.run(starter, "true");
        TestNamespace.await("what ran before is released", () -> threads() == 0);
        List<String> before = TestNamespace.descriptors();
        Process process = starter.start(new ProcessBuilder("seq", "1000"));
        process.waitFor();
        TestNamespace.await(
                "descriptors as before", () -> TestNamespace.descriptors().equals(before));
        assertThat(process.getInputStream().readAllBytes()).hasSize(3893);
    }

    @Test
    void noSignalIsBlocked() throws Exception {
        assertThat(TestNamespace.run(namespace.starter(), "grep", "SigBlk", "/proc/self/status")
                        .output())
                .containsPattern("SigBlk:\\s+0{16}\n");
    }

    @Test
    void interruptEndsWaitingAndNotTheProcess() throws Exception {
        Process process = namespace.starter().start(new ProcessBuilder("cat"));
        Thread.currentThread().interrupt();
        assertThatThrownBy(process::waitFor).isInstanceOf(InterruptedException.class);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> process.waitFor(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        assertThat(process.isAlive()).isTrue();
        process.destroyForcibly();
        assertThat(process.waitFor()).isEqualTo(137);
    }

    @Test
    void anInterruptedCallerStartsAllTheSame() throws Exception {
        Thread.currentThread().interrupt();
        Process process = namespace.starter().start(new ProcessBuilder("true"));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(process.onExit().get(60, TimeUnit.SECONDS).exitValue()).isZero();
    }

    private static Arguments named(String name, Case body) {
        return Arguments.of(name, body);
    }

    private static Object result(Start start, String... command) throws Exception {
        return result(start.start(new ProcessBuilder(command)));
    }

    private static Object result(Process process) throws Exception {
        CompletableFuture<String> err = CompletableFuture.supplyAsync(() -> read(process.getErrorStream()));
        return List.of(read(process.getInputStream()), err.get(), process.waitFor());
    }

    private static String read(InputStream stream) {
        try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Object failure(Start start, ProcessBuilder builder) {
        return thrown(() -> start.start(builder));
    }

    /** The text of the newer JDKs' errors differs, and is brought into the form of the older. */
    private static String thrown(ThrowingCallable call) {
        Throwable e = catchThrowable(call);
        return String.valueOf(e).replaceFirst("Exec failed, error: ([0-9]+) \\((.*)\\) ?$", "error=$1, $2");
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("openshell-netns-"))
                .count();
    }

    private static void thread(Runnable body) throws Exception {
        try {
            Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
            Class.forName("java.lang.Thread$Builder")
                    .getMethod("start", Runnable.class)
                    .invoke(builder, body);
        } catch (NoSuchMethodException e) {
            new Thread(body).start();
        }
    }
}
