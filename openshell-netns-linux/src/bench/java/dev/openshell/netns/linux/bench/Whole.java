package dev.openshell.netns.linux.bench;

import dev.openshell.netns.linux.kernel.JnaKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The command line as a whole process, {@code run -- true}, and a JVM that says Hello. */
final class Whole {
    static final String RUN = "java -jar openshell-netns.jar run -- true";
    static final String HELLO = "java -cp … Hello";
    private static final int WARM_UP = 3;

    private final Figures figures;
    private final int rounds;

    Whole(Figures figures, int rounds) {
        this.figures = figures;
        this.rounds = rounds;
    }

    void measure(Path jar) throws Exception {
        List<String> missing = Programs.missing("nsenter");
        if (!Files.exists(jar) || !missing.isEmpty()) {
            figures.skip(RUN + ": needs " + jar + " (mvn package makes it) and nsenter (apt-get install util-linux)");
            return;
        }
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = Path.of(Hello.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString();
        double[] run = new double[rounds];
        double[] hello = new double[rounds];
        try (Pod pod = new Pod(new JnaKernel())) {
            for (int i = -WARM_UP; i < rounds; i++) {
                double one = time(Programs.inside(
                        pod.path(), java, "-jar", jar.toString(), "run", "--proxy", "3128", "--", "true"));
                double other = time(Programs.inside(pod.path(), java, "-cp", classes, Hello.class.getName()));
                if (i >= 0) {
                    run[i] = one;
                    hello[i] = other;
                }
            }
        }
        figures.add(RUN, "ms", run);
        figures.add(HELLO, "ms", hello);
    }

    private static double time(ProcessBuilder command) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Programs.Run run = Programs.run(command, "");
        double millis = (System.nanoTime() - start) / 1e6;
        if (run.status() != 0) {
            throw new IllegalStateException(command.command() + ": exit status " + run.status() + ": " + run.output());
        }
        return millis;
    }
}
