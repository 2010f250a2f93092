package dev.openshell.netns;

import java.math.BigInteger;
import java.time.Duration;

/**
 * The proof that rules admit exactly what a policy allows: every packet was decided, and each as the policy says.
 *
 * @param packets how many packets were decided, at all hooks: all values of headers, interfaces and the flow's state, behind
 *     any translation
 * @param regions into how many regions of equal treatment the rules divide them
 * @param time how long it took
 * @since 0.1
 */
@Incubating
public record Verified(BigInteger packets, long regions, Duration time) {
    /** Returns such as {@code 2^581.6 packets in 839 regions, 430 µs}. */
    @Override
    public String toString() {
        double log = Math.log(packets.shiftRight(Math.max(0, packets.bitLength() - 60))
                                .doubleValue())
                        / Math.log(2)
                + Math.max(0, packets.bitLength() - 60);
        return String.format(
                java.util.Locale.ROOT, "2^%.1f packets in %d regions, %d µs", log, regions, time.toNanos() / 1000);
    }
}
