package dev.openshell.netns.linux;

import dev.openshell.netns.linux.plan.Prepared;
import dev.openshell.netns.linux.sys.HomeThread;
import java.time.Duration;
import java.util.function.Supplier;

/** The thread that makes what is missing in a pool. Where that fails it tries again, ever more seldom. */
final class PoolRefill {
    private static final Duration SHORTEST_REST = Duration.ofMillis(100);
    private static final Duration LONGEST_REST = Duration.ofSeconds(30);

    private final PoolShelf shelf;
    private final Supplier<Prepared> maker;
    private final Thread thread;

    PoolRefill(PoolShelf shelf, Supplier<Prepared> maker) {
        this.shelf = shelf;
        this.maker = maker;
        this.thread = HomeThread.of("openshell-netns-pool", this::run);
    }

    void start() {
        thread.start();
    }

    /** Ends it, once what it is about to make is made or given up. The shelf was closed before. */
    void end() {
        thread.interrupt();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        Duration rest = SHORTEST_REST;
        try {
            while (shelf.awaitRoom()) {
                if (refill()) {
                    rest = SHORTEST_REST;
                } else {
                    shelf.rest(rest);
                    rest = rest.multipliedBy(2).compareTo(LONGEST_REST) < 0 ? rest.multipliedBy(2) : LONGEST_REST;
                }
            }
        } catch (InterruptedException closing) {
            // Nobody else interrupts it.
        }
    }

    private boolean refill() {
        try {
            Prepared prepared = maker.get();
            if (!shelf.add(prepared)) {
                prepared.close();
            }
            return true;
        } catch (RuntimeException | Error e) {
            shelf.failed(e);
            return false;
        }
    }
}
