package dev.openshell.netns.linux.bench;

import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.KernelException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.util.Statistics;

/** Measures everything, prints it and writes it to a file: {@code mvn -Pbench -Dunit.skip=true -DskipITs verify}. */
final class Benchmarks {
    private static final Map<String, String> NAMES = Map.of(
            "applyFromPool", "apply from a pool",
            "namespace", "a namespace only",
            "unshare", "unshare(CLONE_NEWNET) only",
            "restoreNothing", "restore nothing");

    private final boolean full;
    private final Path target;
    private final int live;
    private final String parts;
    private final Figures figures = new Figures();
    private boolean failed;

    private Benchmarks(boolean full, Path target, int live, String parts) {
        this.full = full;
        this.target = target;
        this.live = live;
        this.parts = parts;
    }

    /**
     * Arguments: {@code short} or {@code full}; Maven's directory for what is built; the number of live sandboxes to go up
     * to, or {@code auto}; the part to measure, or {@code all}.
     */
    public static void main(String[] args) throws Exception {
        try {
            new JnaKernel().preflight();
        } catch (KernelException e) {
            System.err.println("the benchmark makes network namespaces and needs root: " + e.getMessage());
            System.exit(1);
        }
        if (!List.of("short", "full").contains(args[0])) {
            System.err.println("-Dbench=" + args[0] + ": is not short or full");
            System.exit(1);
        }
        boolean full = args[0].equals("full");
        int many = full ? 1000 : 50;
        int live = args[2].equals("auto") ? many : Integer.parseInt(args[2]);
        new Benchmarks(full, Path.of(args[1]), live, args[3]).run();
    }

    private void run() throws Exception {
        int rounds = full ? 100 : 30;
        int[] sizes = live > 100 ? new int[] {1, 100, live} : new int[] {1, live};
        part("JMH", this::jmh);
        part("peers", () -> new Peers(figures, rounds).measure());
        for (Variant variant : Variant.values()) {
            part("breakdown, " + variant, () -> new Breakdown(figures, rounds).measure(variant));
        }
        part("bulk TCP", () -> new Bulk(figures, full ? 5 : 1).measure(Variant.NFTABLES));
        part("whole", () -> new Whole(figures, full ? 30 : 10).measure(target.resolve("openshell-netns.jar")));
        for (Variant variant : full ? Variant.values() : new Variant[] {Variant.NFTABLES}) {
            part("scaling, " + variant, () -> new Scaling(figures, variant, sizes, rounds).measure());
        }
        List<Targets.Outcome> outcomes = Targets.of(figures, live);
        Table.print(figures, outcomes);
        Path file = target.resolve("benchmark.json");
        figures.write(file, outcomes);
        System.out.println(file);
        if (failed) {
            System.exit(1);
        }
    }

    private interface Part {
        void measure() throws Exception;
    }

    /** A part that fails costs no other part, but the whole run fails in the end. */
    private void part(String name, Part part) {
        if (!parts.equals("all") && !name.startsWith(parts)) {
            return;
        }
        System.out.println("measuring: " + name);
        try {
            part.measure();
        } catch (Exception e) {
            e.printStackTrace();
            figures.skip(name + ": " + e);
            failed = true;
        }
    }

    private void jmh() throws Exception {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(SandboxBenchmark.class.getName() + ".*")
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true);
        if (full) {
            options.include(ProofBenchmark.class.getName() + ".*");
        } else {
            options.warmupIterations(1)
                    .warmupTime(TimeValue.seconds(4))
                    .measurementIterations(1)
                    .measurementTime(TimeValue.seconds(6));
        }
        for (RunResult result : new Runner(options.build()).run()) {
            if (result.getParams().getBenchmark().startsWith(SandboxBenchmark.class.getName())) {
                take(result);
            }
        }
    }

    private void take(RunResult result) {
        String label = result.getPrimaryResult().getLabel();
        String variant = result.getParams().getParam("variant");
        String name = NAMES.getOrDefault(label, label) + (variant == null ? "" : ", " + variant);
        Statistics times = result.getPrimaryResult().getStatistics();
        figures.add(
                name,
                new Figures.Figure(
                        "ms", times.getPercentile(50), times.getPercentile(90), times.getPercentile(99), times.getN()));
        if (label.equals("close")) {
            return;
        }
        // What is made and removed around the measured call is in it: one figure for both.
        String what = label.equals("apply") ? name.replace("apply", "apply and close") : name;
        result.getSecondaryResults().forEach((key, more) -> {
            if (key.endsWith("gc.alloc.rate.norm")) {
                figures.add("allocated by " + what, "kB", more.getScore() / 1024);
            }
        });
    }
}
