package dev.openshell.netns.linux.kernel;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The rules of a kernel that does not tell when they change: they have to be read. */
final class Untold implements Kernel.RuleWatch {
    private final Semaphore woken = new Semaphore(0);

    @Override
    public boolean await(Duration limit) {
        try {
            return !woken.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void wake() {
        woken.release();
    }

    @Override
    public void close() {
        // It holds nothing.
    }
}
