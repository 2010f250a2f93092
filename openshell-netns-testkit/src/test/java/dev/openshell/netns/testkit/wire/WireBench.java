package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import java.util.Random;

/** Prints how many packets a second are tried, new routers and their rules included. */
final class WireBench {
    private static final int RULESETS = 100;

    private WireBench() {}

    /** Runs random rulesets of both variants and families; {@code arguments[0]} is a seed, 1 without. */
    public static void main(String[] arguments) {
        long seed = arguments.length == 0 ? 1 : Long.parseLong(arguments[0]);
        for (IptablesVariant variant : new IptablesVariant[] {IptablesVariant.NFT, IptablesVariant.LEGACY}) {
            measure(variant, new Random(seed));
        }
    }

    private static void measure(IptablesVariant variant, Random random) {
        long opening = 0;
        long loading = 0;
        long sending = 0;
        long packets = 0;
        long arrived = 0;
        long refused = 0;
        long begin = System.nanoTime();
        try (Outside outside = Outside.open()) {
            for (int i = 0; i < RULESETS; i++) {
                RandomRulesets.Generated generated = RandomRulesets.next(random, Family.values()[i % 2]);
                long start = System.nanoTime();
                try (RealWorld world = RealWorld.open(outside, variant, false)) {
                    long open = System.nanoTime();
                    world.load(generated.family(), generated.rules());
                    long loaded = System.nanoTime();
                    for (Observation seen : world.send(generated.packets())) {
                        packets++;
                        arrived += seen.arrived().isPresent() ? 1 : 0;
                        refused += seen.refused().isPresent() ? 1 : 0;
                    }
                    opening += open - start;
                    loading += loaded - open;
                    sending += System.nanoTime() - loaded;
                }
            }
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.printf(
                "%s: %d packets, %.0f/s (%d arrived, %d refused); a ruleset: open %.1f ms, load %.1f ms, send %.1f ms%n",
                variant, packets, packets / seconds, arrived, refused,
                opening / 1e6 / RULESETS, loading / 1e6 / RULESETS, sending / 1e6 / RULESETS);
    }
}
