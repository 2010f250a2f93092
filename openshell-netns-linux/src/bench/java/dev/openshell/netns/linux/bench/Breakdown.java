package dev.openshell.netns.linux.bench;

import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import java.util.Map;
import java.util.TreeMap;

/** Where the time of one apply and one close goes, by call to the kernel. */
final class Breakdown {
    private static final int WARM_UP = 15;

    private final Figures figures;
    private final int rounds;

    Breakdown(Figures figures, int rounds) {
        this.figures = figures;
        this.rounds = rounds;
    }

    void measure(Variant variant) {
        Timed timed = new Timed(new JnaKernel());
        Kernel plain = new JnaKernel();
        NetnsProvider provider = new LinuxProvider(timed.kernel());
        Map<String, Timed.Spent> applying = new TreeMap<>();
        Map<String, Timed.Spent> closing = new TreeMap<>();
        long applied = 0;
        long closed = 0;
        double[] gone = new double[rounds];
        try (Pod pod = new Pod(plain)) {
            for (int i = 0; i < WARM_UP; i++) {
                variant.apply(provider, pod.path()).close();
            }
            for (int i = 0; i < rounds; i++) {
                timed.take();
                long start = System.nanoTime();
                NetnsSandbox sandbox = variant.apply(provider, pod.path());
                applied += System.nanoTime() - start;
                timed.take().forEach((call, spent) -> applying.merge(call, spent, Timed.Spent::and));
                String link = sandbox.veth().hostInterface();
                start = System.nanoTime();
                sandbox.close();
                long end = System.nanoTime();
                closed += end - start;
                timed.take().forEach((call, spent) -> closing.merge(call, spent, Timed.Spent::and));
                awaitGone(plain, pod, link);
                gone[i] = (System.nanoTime() - end) / 1e6;
            }
        }
        figures.add("gone after close, " + variant, "ms", gone);
        print("apply, " + variant, applying, applied);
        print("close, " + variant, closing, closed);
    }

    private static void awaitGone(Kernel kernel, Pod pod, String link) {
        while (isThere(kernel, pod, "net/ipv4/conf/" + link + "/forwarding")) {
            Thread.yield();
        }
    }

    private static boolean isThere(Kernel kernel, Pod pod, String key) {
        try {
            return kernel.readSysctl(pod.pod(), key).isPresent();
        } catch (KernelException e) {
            // It went away while it was read.
            return true;
        }
    }

    private void print(String title, Map<String, Timed.Spent> spent, long nanos) {
        System.out.printf(
                "%nkernel calls of one %s: %.3f ms (means)%n", title, ms(nanos));
        spent.entrySet().stream()
                .sorted((a, b) ->
                        Long.compare(b.getValue().nanos(), a.getValue().nanos()))
                .forEach(call -> {
                    double count = (double) call.getValue().calls() / rounds;
                    double each = ms(call.getValue().nanos());
                    System.out.printf("  %-34s %6.1f calls %9.3f ms%n", call.getKey(), count, each);
                    figures.add("part of " + title + ": " + call.getKey(), "ms", each);
                });
        long inside = spent.values().stream().mapToLong(Timed.Spent::nanos).sum();
        System.out.printf("  %-34s %22.3f ms%n", "not in a call", ms(nanos - inside));
    }

    private double ms(long nanos) {
        return nanos / 1e6 / rounds;
    }
}
