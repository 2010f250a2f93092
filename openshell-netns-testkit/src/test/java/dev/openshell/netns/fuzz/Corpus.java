package dev.openshell.netns.fuzz;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * The inputs that a fuzzer begins with, and those that it once failed on: files under {@code src/test/resources}, in a
 * directory of the fuzzer's package and name. Every build tries each of them, without Jazzer.
 */
public final class Corpus {
    /** No parser needs more for what is in a corpus. */
    private static final Duration LONGEST = Duration.ofSeconds(20);

    private Corpus() {}

    /** What a fuzzer does with one input. */
    public interface Target {
        /** Parses {@code input} and fails where that does not go as it should. */
        void accept(byte[] input);
    }

    /** Returns a test for each input of {@code fuzzer}'s corpus, of which there must be one. */
    public static Stream<DynamicTest> of(Class<?> fuzzer, Target target) {
        List<Path> inputs = inputs(fuzzer);
        if (inputs.isEmpty()) {
            throw new IllegalStateException("the corpus of " + fuzzer.getName() + " is empty");
        }
        return inputs.stream()
                .map(input -> DynamicTest.dynamicTest(
                        input.getFileName().toString(),
                        () -> assertTimeoutPreemptively(LONGEST, () -> target.accept(Files.readAllBytes(input)))));
    }

    private static List<Path> inputs(Class<?> fuzzer) {
        URL directory = Objects.requireNonNull(
                fuzzer.getResource(fuzzer.getSimpleName()), () -> fuzzer.getName() + " has no corpus");
        try (Stream<Path> files = Files.list(Path.of(directory.toURI()))) {
            return files.sorted().toList();
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException("the corpus of " + fuzzer.getName(), e);
        }
    }
}
