package dev.openshell.netns.linux.bench;

import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What the number of live sandboxes changes: the time of the next one, of a connection, and what each one holds. */
final class Scaling {
    private static final int WARM_UP = 10;
    private static final int THREADS = 2;

    private final Figures figures;
    private final Variant variant;
    private final int[] sizes;
    private final int rounds;
    private final Kernel kernel = new JnaKernel();
    private final NetnsProvider provider = new LinuxProvider(kernel);

    Scaling(Figures figures, Variant variant, int[] sizes, int rounds) {
        this.figures = figures;
        this.variant = variant;
        this.sizes = sizes;
        this.rounds = rounds;
    }

    static String create(int size, Variant variant) {
        return "create with " + size + " live, " + variant;
    }

    static String connect(int size, Variant variant) {
        return "TCP connect with " + size + " live, " + variant;
    }

    static String perSecond(String variant) {
        return "sandboxes a second, " + THREADS + " threads, " + variant;
    }

    void measure() throws Exception {
        List<NetnsSandbox> live = new ArrayList<>();
        try (Pod pod = new Pod(kernel)) {
            try (Connects connects = new Connects(kernel, pod)) {
                for (int i = 0; i < WARM_UP; i++) {
                    variant.apply(provider, pod.path()).close();
                }
                live.add(variant.applyUnlimited(provider, pod.path()));
                connects.measure(live.get(0));
                Held before = Held.now();
                for (int size : sizes) {
                    while (live.size() < size) {
                        live.add(variant.apply(provider, pod.path()));
                    }
                    figures.add(create(size, variant), "ms", creates(pod));
                    figures.add(connect(size, variant), "µs", connects.measure(live.get(0)));
                }
                held(before, live.size() - 1);
            } finally {
                for (int i = live.size() - 1; i >= 0; i--) {
                    live.get(i).close();
                }
            }
            figures.add(perSecond(variant.name()), "1/s", together(pod));
        }
    }

    private double[] creates(Pod pod) {
        double[] millis = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            long start = System.nanoTime();
            NetnsSandbox sandbox = variant.apply(provider, pod.path());
            millis[i] = (System.nanoTime() - start) / 1e6;
            sandbox.close();
        }
        return millis;
    }

    private void held(Held before, int sandboxes) {
        if (sandboxes == 0) {
            return;
        }
        Held after = Held.now();
        double each = sandboxes;
        figures.add("heap of a live sandbox, " + variant, "kB", (after.heap - before.heap) / 1024.0 / each);
        figures.add("threads of a live sandbox, " + variant, "", (after.threads - before.threads) / each);
        figures.add("descriptors of a live sandbox, " + variant, "", (after.descriptors - before.descriptors) / each);
    }

    /** What this JVM holds, as the heap is after a collection. */
    private record Held(long heap, int threads, int descriptors) {
        static Held now() {
            Runtime runtime = Runtime.getRuntime();
            for (int i = 0; i < 3; i++) {
                System.gc();
            }
            long heap = runtime.totalMemory() - runtime.freeMemory();
            return new Held(heap, entries("/proc/self/task"), entries("/proc/self/fd"));
        }

        private static int entries(String directory) {
            return Objects.requireNonNull(new File(directory).list(), directory).length;
        }
    }

    /** Returns how many sandboxes a second some threads make, side by side. */
    private double together(Pod pod) throws Exception {
        List<NetnsSandbox> made = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<List<NetnsSandbox>>> all = new ArrayList<>();
            long start = System.nanoTime();
            for (int i = 0; i < THREADS; i++) {
                all.add(threads.submit(() -> make(pod)));
            }
            for (Future<List<NetnsSandbox>> some : all) {
                made.addAll(some.get());
            }
            return made.size() * 1e9 / (System.nanoTime() - start);
        } finally {
            threads.shutdown();
            made.forEach(NetnsSandbox::close);
        }
    }

    private List<NetnsSandbox> make(Pod pod) {
        List<NetnsSandbox> made = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            made.add(variant.apply(provider, pod.path()));
        }
        return made;
    }
}
