package dev.openshell.netns.linux.acceptance;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes, uses and closes one sandbox after the other in one JVM, and counts what there is before and afterwards. As a
 * program: {@code Soak VARIANT CYCLES} prints that, and the time per cycle of each thousand.
 */
final class Soak {
    private static final int WARM_UP = 500;

    /** How many cycles the first and the last time is taken of. */
    private static final int SHARE = 1000;

    private final IptablesVariant iptables;
    private final Path pod;
    private final Path resolvConf;
    private final long[] nanos;

    /**
     * What was counted.
     *
     * @param before after the warm-up
     * @param ratio the time of one of the last thousand cycles by that of one of the first thousand after the warm-up;
     *     or of as many as there are half
     */
    record Figures(Map<String, Long> before, Map<String, Long> after, double ratio) {}

    private Soak(IptablesVariant iptables, Path pod, Path resolvConf, int cycles) {
        this.iptables = iptables;
        this.pod = pod;
        this.resolvConf = resolvConf;
        this.nanos = new long[cycles];
    }

    /** Returns the figures of so many cycles, after a warm-up, in a pod of their own. */
    static Figures of(IptablesVariant iptables, int warmUp, int cycles) throws IOException, InterruptedException {
        String name = "osh-soak-" + String.format("%08x", new SecureRandom().nextInt());
        try (Cleanup cleanup = new Cleanup()) {
            WorldLinks.lonely(cleanup, name);
            Path files = Files.createTempDirectory(name);
            cleanup.deleteLater(files);
            Path conf = Files.writeString(files.resolve("resolv.conf"), "nameserver " + PodWorld.DNS + "\n");
            return new Soak(iptables, Path.of("/run/netns", name), conf, cycles).run(warmUp);
        }
    }

    private Figures run(int warmUp) throws IOException, InterruptedException {
        for (int i = 0; i < warmUp; i++) {
            cycle(i);
        }
        Map<String, Long> before = count();
        for (int i = 0; i < nanos.length; i++) {
            long start = System.nanoTime();
            cycle(i);
            nanos[i] = System.nanoTime() - start;
        }
        int share = Math.min(SHARE, Math.max(1, nanos.length / 2));
        return new Figures(before, count(), mean(nanos.length - share, nanos.length) / mean(0, share));
    }

    private double mean(int from, int to) {
        return Arrays.stream(nanos, from, to).average().orElseThrow();
    }

    private void cycle(int i) throws IOException, InterruptedException {
        try (NetnsSandbox sandbox = NetnsSandbox.builder()
                .hostNamespace(pod)
                .resolvConf(resolvConf)
                .iptables(iptables)
                .allowDns(PodWorld.DNS)
                .directTcp(PodWorld.LISTED)
                .apply()) {
            if (i % 20 == 0) {
                sandbox.start(new ProcessBuilder("true")
                                .redirectInput(
                                        Redirect.from(Path.of("/dev/null").toFile()))
                                .redirectOutput(Redirect.DISCARD)
                                .redirectError(Redirect.DISCARD))
                        .waitFor();
            } else if (i % 10 == 0) {
                sandbox.sockets().openSocketChannel().close();
            }
        }
    }

    /** Counts what this JVM and its pod hold once all that ends by itself has. */
    private Map<String, Long> count() throws IOException, InterruptedException {
        // Threads that wait for more to do end by themselves; the kernel takes links away a little later.
        Thread.sleep(3000);
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(100);
        }
        JvmState state = JvmState.now();
        PodState there = PodState.of(pod);
        Map<String, Long> counts = new TreeMap<>();
        counts.put("descriptors", (long) state.descriptors().size());
        counts.put("threads", (long) state.threads().size());
        counts.put("tasks inside", (long) state.foreignTasks().size());
        counts.put("mounts", (long) state.mounts().size());
        counts.put(
                "rules",
                there.lines().stream().filter(line -> line.contains("tables-")).count());
        counts.put(
                "links",
                there.lines().stream().filter(line -> line.startsWith("link: ")).count());
        counts.put(
                "heap, KiB",
                (Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory()) >> 10);
        counts.put("resident, KiB", field(Path.of("/proc/self/status"), "VmRSS:", 1));
        counts.put("namespaces of the machine", field(Path.of("/proc/slabinfo"), "net_namespace", 1));
        counts.put("connections of the machine", field(Path.of("/proc/slabinfo"), "nf_conntrack", 1));
        return counts;
    }

    /** Returns a word of the line that begins so, or -1 where there is none or it may not be read. */
    private static long field(Path file, String line, int word) {
        try (var lines = Files.lines(file)) {
            return lines.filter(each -> each.startsWith(line + " ") || each.startsWith(line + "\t"))
                    .mapToLong(each -> Long.parseLong(each.split("\\s+")[word]))
                    .findFirst()
                    .orElse(-1);
        } catch (IOException | UncheckedIOException e) {
            return -1;
        }
    }

    public static void main(String[] words) throws IOException, InterruptedException {
        Figures figures = of(IptablesVariant.valueOf(words[0]), WARM_UP, Integer.parseInt(words[1]));
        figures.before()
                .forEach((what, count) -> System.out.println(
                        what + ": " + count + " before, " + figures.after().get(what) + " after"));
        System.out.printf("time per cycle, last by first: %.3f%n", figures.ratio());
    }
}
