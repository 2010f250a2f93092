package dev.openshell.netns.linux.resolve;

import dev.openshell.netns.linux.base.Deadline;
import java.io.IOException;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long is waited while {@code name} is resolved: for one server {@code timeout}, for everything until the deadline,
 * and not at all once the thread is interrupted.
 */
record Patience(Duration timeout, Deadline deadline, String name) {
    private static final String STEP = "resolve";

    /** Returns when waiting for one server ends, on {@link System#nanoTime()}'s clock. */
    long end() {
        check();
        return System.nanoTime() + timeout.toNanos();
    }

    /**
     * Waits until a channel is ready, and returns false when {@code end} comes first.
     *
     * @throws dev.openshell.netns.NetnsException when the deadline comes first, or on an interrupt, which stays set
     */
    boolean await(Selector selector, long end) throws IOException {
        check();
        Duration left = deadline.atMost(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        // Rounded up, since 0 would wait for ever and a truncated wait would spin.
        int ready = selector.select(TimeUnit.NANOSECONDS.toMillis(left.toNanos()) + 1);
        selector.selectedKeys().clear();
        check();
        return System.nanoTime() - end < 0 || ready > 0 && !left.isZero();
    }

    void check() {
        deadline.check(STEP, name);
    }

    long seconds() {
        return timeout.toSeconds();
    }
}
