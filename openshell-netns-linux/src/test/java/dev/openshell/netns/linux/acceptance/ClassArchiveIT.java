package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The archive of what the command line rehearses, and one that is of no use: not a byte, nor the status, is another. */
@Tag("real-kernel")
@TestInstance(Lifecycle.PER_CLASS)
class ClassArchiveIT {
    private static final Path JVMS = Path.of("/usr/lib/jvm");

    private final PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN);
    private final Path jar;

    @TempDir
    private Path directory;

    /** What a run left. */
    record Run(int status, String out, String err) {}

    ClassArchiveIT(@TempDir Path place) throws IOException {
        jar = Files.copy(Path.of(System.getProperty("openshell.jar")), place.resolve("openshell-netns.jar"));
    }

    @AfterAll
    void tearDown() {
        world.close();
    }

    /** Returns the JVMs of this machine, the one that runs this test first. */
    static List<Path> jvms() throws IOException {
        List<Path> jvms = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java")));
        if (Files.isDirectory(JVMS)) {
            try (Stream<Path> homes = Files.list(JVMS)) {
                homes.filter(home -> !Files.isSymbolicLink(home))
                        .map(home -> home.resolve("bin/java"))
                        .filter(Files::isExecutable)
                        .filter(java -> !jvms.contains(java))
                        .sorted()
                        .forEach(jvms::add);
            }
        }
        return jvms;
    }

    private static Run run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), out, err);
    }

    /** Writes the archive, and returns the words of a command that names it. */
    private List<String> write(Path java, Path archive) throws Exception {
        String target = "-XX:ArchiveClassesAtExit=" + archive;
        Run run = run(List.of(java.toString(), target, "-Xlog:disable", "-jar", jar.toString(), "rehearse"));
        assertThat(run).isEqualTo(new Run(0, "", ""));
        assertThat(archive).isNotEmptyFile();
        String use = "-XX:SharedArchiveFile=" + archive;
        return List.of(java.toString(), use, "-Xshare:auto", "-Xlog:disable", "-jar", jar.toString());
    }

    private void assertRunsInSilence(List<String> java) throws Exception {
        assertThat(inPod(java, "run", "--", "true")).isEqualTo(new Run(0, "", ""));
        assertThat(inPod(java, "run", "--", "sh", "-c", "printf out; printf err >&2; exit 7"))
                .isEqualTo(new Run(7, "out", "err"));
    }

    private Run inPod(List<String> java, String... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", world.pod()));
        words.addAll(java);
        words.addAll(Arrays.asList(arguments));
        return run(words);
    }

    @ParameterizedTest
    @MethodSource("jvms")
    void isUsedByTheJvmThatWroteIt(Path java) throws Exception {
        Path archive = directory.resolve("used.jsa");
        List<String> command = write(java, archive);
        assertRunsInSilence(command);
        // Without an archive to share, -Xshare:on does not start: the JVM does take this one.
        List<String> strict = new ArrayList<>(command);
        strict.replaceAll(word -> word.equals("-Xshare:auto") ? "-Xshare:on" : word);
        assertThat(inPod(strict, "--version").status()).isZero();
    }

    @ParameterizedTest
    @MethodSource("jvms")
    void isIgnoredInSilenceWhenItIsOfNoUse(Path java) throws Exception {
        Path archive = directory.resolve("useless.jsa");
        List<String> command = write(java, archive);
        byte[] whole = Files.readAllBytes(archive);
        Files.setLastModifiedTime(jar, FileTime.fromMillis(System.nanoTime() / 1_000_000));
        assertRunsInSilence(command);
        Files.delete(archive);
        assertRunsInSilence(command);
        Files.write(archive, Arrays.copyOf(whole, 100));
        assertRunsInSilence(command);
        Files.writeString(archive, "no archive\n");
        assertRunsInSilence(command);
    }

    @ParameterizedTest
    @MethodSource("jvms")
    void isIgnoredInSilenceWhenItIsOfAnotherJvm(Path java) throws Exception {
        List<Path> others = jvms().stream().filter(other -> !other.equals(java)).toList();
        assumeThat(others).isNotEmpty();
        Path archive = directory.resolve("foreign.jsa");
        Path mine = directory.resolve("mine.jsa");
        List<String> command = write(java, mine);
        write(others.get(0), archive);
        Files.move(archive, mine, StandardCopyOption.REPLACE_EXISTING);
        assertRunsInSilence(command);
    }

    @Test
    void nativeCodeThatCantBeUnpackedIsStillSaidInFull() throws Exception {
        String java = jvms().get(0).toString();
        Run run = inPod(List.of(java, "-Djna.tmpdir=/proc", "-jar", jar.toString()), "run", "--", "true");
        assertThat(run.status).isEqualTo(125);
        assertThat(run.out).isEmpty();
        assertThat(run.err).contains("Failed to create temporary file", "give JNA a writable directory");
    }
}
