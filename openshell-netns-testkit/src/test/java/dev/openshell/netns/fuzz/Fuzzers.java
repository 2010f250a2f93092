package dev.openshell.netns.fuzz;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Gives each fuzzer to Jazzer, one after the other: the program of the Maven profile {@code fuzz}. A line for each says
 * how many inputs were tried; what an input fails on is in a file beside its log, under {@code target/fuzz}.
 */
public final class Fuzzers {
    private static final Path RESOURCES = Path.of("src/test/resources");
    private static final Path WORK = Path.of("target/fuzz").toAbsolutePath();
    private static final Path WORDS = RESOURCES.resolve("dev/openshell/netns/fuzz/words.dict");
    private static final String SUFFIX = "FuzzTest.class";
    private static final Pattern EXECUTED = Pattern.compile("stat::number_of_executed_units: (\\d+)");
    /** Seconds for one input, and what the JVM may take: more is a finding. */
    private static final int TIMEOUT = 20;

    private static final String HEAP = "-Xmx512m";

    private Fuzzers() {}

    /** Takes the seconds for each fuzzer, and a part of the names of those that are to run. */
    public static void main(String[] arguments) throws IOException, InterruptedException, URISyntaxException {
        boolean found = false;
        for (String fuzzer : names(arguments[1])) {
            found |= isFinding(fuzzer, arguments[0]);
        }
        if (found) {
            throw new IllegalStateException("a fuzzer found something; see " + WORK);
        }
    }

    private static List<String> names(String part) throws IOException, URISyntaxException {
        Path classes = Path.of(Fuzzers.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (Stream<Path> files = Files.walk(classes)) {
            return files.map(file -> classes.relativize(file).toString())
                    .filter(file -> file.endsWith(SUFFIX) && file.contains(part))
                    .map(file ->
                            file.substring(0, file.length() - ".class".length()).replace('/', '.'))
                    .sorted()
                    .toList();
        }
    }

    private static boolean isFinding(String fuzzer, String seconds) throws IOException, InterruptedException {
        String simple = fuzzer.substring(fuzzer.lastIndexOf('.') + 1);
        Path grown = Files.createDirectories(WORK.resolve(simple).resolve("grown"));
        Path log = grown.resolveSibling("log");
        Process jazzer = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        HEAP,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + fuzzer,
                        "--instrumentation_includes=dev.openshell.netns.**",
                        "--reproducer_path=" + log.getParent(),
                        "-artifact_prefix=" + log.getParent() + "/",
                        "-max_total_time=" + seconds,
                        "-timeout=" + TIMEOUT,
                        "-dict=" + WORDS,
                        "-print_final_stats=1",
                        grown.toString(),
                        RESOURCES.resolve(fuzzer.replace('.', '/')).toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean finding = jazzer.waitFor() != 0;
        Matcher executed = EXECUTED.matcher(Files.readString(log));
        System.out.println(simple + ": " + (executed.find() ? executed.group(1) : "no") + " inputs"
                + (finding ? ", a finding: " + log : ""));
        return finding;
    }
}
