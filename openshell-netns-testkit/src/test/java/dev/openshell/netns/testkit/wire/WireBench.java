package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Prints how many packets a second are tried, new routers and their rules included. */
final class WireBench {
    private static final int RULESETS = 100;

    private record Sum(long packets, long arrived, long refused, long opening, long loading, long sending) {
        Sum plus(Sum other) {
            return new Sum(
                    packets + other.packets,
                    arrived + other.arrived,
                    refused + other.refused,
                    opening + other.opening,
                    loading + other.loading,
                    sending + other.sending);
        }
    }

    private WireBench() {}

    /** Runs random rulesets of both variants and families; the arguments are a seed and a number of threads. */
    public static void main(String[] arguments) throws Exception {
        long seed = arguments.length < 1 ? 1 : Long.parseLong(arguments[0]);
        int threads = arguments.length < 2 ? 1 : Integer.parseInt(arguments[1]);
        ExecutorService lanes = Executors.newFixedThreadPool(threads);
        try {
            for (IptablesVariant variant : new IptablesVariant[] {IptablesVariant.NFT, IptablesVariant.LEGACY}) {
                long begin = System.nanoTime();
                List<Future<Sum>> sums = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    Random random = new Random(seed + i);
                    sums.add(lanes.submit(() -> measure(variant, random)));
                }
                Sum sum = new Sum(0, 0, 0, 0, 0, 0);
                for (Future<Sum> part : sums) {
                    sum = sum.plus(part.get());
                }
                print(variant, sum, RULESETS * threads, (System.nanoTime() - begin) / 1e9);
            }
        } finally {
            lanes.shutdown();
        }
    }

    private static Sum measure(IptablesVariant variant, Random random) {
        Sum sum = new Sum(0, 0, 0, 0, 0, 0);
        try (Outside outside = Outside.open()) {
            for (int i = 0; i < RULESETS; i++) {
                sum = sum.plus(one(outside, variant, RandomRulesets.next(random, Family.values()[i % 2])));
            }
        }
        return sum;
    }

    private static Sum one(Outside outside, IptablesVariant variant, RandomRulesets.Generated generated) {
        long start = System.nanoTime();
        try (RealWorld world = RealWorld.open(outside, variant, false)) {
            long open = System.nanoTime();
            world.load(generated.family(), generated.rules());
            long loaded = System.nanoTime();
            List<Observation> seen = world.send(generated.packets());
            long sent = System.nanoTime();
            return new Sum(
                    seen.size(),
                    seen.stream().filter(one -> one.arrived().isPresent()).count(),
                    seen.stream().filter(one -> one.refused().isPresent()).count(),
                    open - start,
                    loaded - open,
                    sent - loaded);
        }
    }

    private static void print(IptablesVariant variant, Sum sum, int rulesets, double seconds) {
        System.out.printf(
                "%s: %d packets, %.0f/s (%d arrived, %d refused); a ruleset: open %.1f ms, load %.1f ms, send %.1f"
                        + " ms%n",
                variant,
                sum.packets,
                sum.packets / seconds,
                sum.arrived,
                sum.refused,
                sum.opening / 1e6 / rulesets,
                sum.loading / 1e6 / rulesets,
                sum.sending / 1e6 / rulesets);
    }
}
