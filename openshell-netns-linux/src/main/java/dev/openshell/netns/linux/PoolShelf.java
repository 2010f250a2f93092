package dev.openshell.netns.linux;

import dev.openshell.netns.NetnsPool;
import dev.openshell.netns.linux.plan.Prepared;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The namespaces of a pool that are ready, the oldest first, and what is counted of them. */
final class PoolShelf {
    private final int size;
    private final Deque<Prepared> ready = new ArrayDeque<>();
    private boolean open = true;
    /** How many callers are about to take one: nothing is made meanwhile, they all need the host's lock. */
    private int takers;

    private long made;
    private long taken;
    private long misses;
    private long discarded;
    private long failures;
    private @Nullable Throwable lastFailure;

    PoolShelf(int size) {
        this.size = size;
    }

    /** Returns what {@code body} returns, before which the pool is not closed. */
    synchronized <T> T whileOpen(Supplier<T> body) {
        requireOpen();
        return body.get();
    }

    synchronized void requireOpen() {
        if (!open) {
            throw new IllegalStateException("the pool is closed");
        }
    }

    synchronized void begin() {
        requireOpen();
        takers++;
    }

    synchronized void end() {
        takers--;
        notifyAll();
    }

    /** Returns one that fits {@code resolved}, which is the caller's from now on. */
    synchronized Optional<Prepared> poll(ResolvedPolicy resolved) {
        requireOpen();
        for (Iterator<Prepared> each = ready.iterator(); each.hasNext(); ) {
            Prepared prepared = each.next();
            if (prepared.fits(resolved)) {
                each.remove();
                return Optional.of(prepared);
            }
        }
        return Optional.empty();
    }

    /** Returns true once there is room for one more and nobody is taking one, false once the pool is closed. */
    synchronized boolean awaitRoom() throws InterruptedException {
        while (open && (ready.size() >= size || takers > 0)) {
            wait();
        }
        return open;
    }

    /** Waits for {@code time}, or until the pool is closed. */
    synchronized void rest(Duration time) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toMillis(); open && left > 0; left = (end - System.nanoTime()) / 1_000_000) {
            wait(left);
        }
    }

    /** Returns false when the pool is closed, and it stays the caller's. */
    synchronized boolean add(Prepared prepared) {
        if (open) {
            ready.add(prepared);
            made++;
        }
        return open;
    }

    synchronized void countTaken() {
        taken++;
    }

    synchronized void countMiss() {
        misses++;
    }

    synchronized void countDiscarded() {
        discarded++;
    }

    synchronized void failed(Throwable failure) {
        failures++;
        lastFailure = failure;
    }

    /** Closes the pool, and returns those that are ready, which are the caller's from now on. */
    synchronized List<Prepared> close() {
        open = false;
        List<Prepared> left = List.copyOf(ready);
        ready.clear();
        notifyAll();
        return left;
    }

    synchronized NetnsPool.Metrics metrics() {
        return new NetnsPool.Metrics(
                ready.size(), made, taken, misses, discarded, failures, Optional.ofNullable(lastFailure));
    }
}
