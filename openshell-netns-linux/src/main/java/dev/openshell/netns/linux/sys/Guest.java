package dev.openshell.netns.linux.sys;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A thread that stays in a network namespace for several short bodies in a row: making a thread for each takes longer than
 * what they do. It ends when it is closed, or by itself when it has had nothing to do for a moment: whoever closes it
 * later need not wait then.
 */
public final class Guest implements AutoCloseable {
    private static final long LOOK_MILLIS = 100;
    private static final long IDLE_MICROS = 300;

    private final BlockingQueue<FutureTask<?>> bodies = new LinkedBlockingQueue<>();
    private final FutureTask<?> last = new FutureTask<>(() -> true);
    private final NamespaceThread.Running<Boolean> running;
    private boolean over;

    /** Makes one that goes into the network namespace of descriptor {@code namespace}; below 0 it stays the caller's. */
    public Guest(int namespace) {
        running = new NamespaceThread.Running<>(namespace, this::serve);
    }

    private boolean serve() {
        boolean served = false;
        while (true) {
            try {
                // For the first it waits as long as it takes.
                FutureTask<?> body = served ? bodies.poll(IDLE_MICROS, TimeUnit.MICROSECONDS) : bodies.take();
                if (body == last || body == null && isIdle()) {
                    return true;
                }
                if (body != null) {
                    body.run();
                    served = true;
                }
            } catch (InterruptedException e) {
                // Nobody interrupts it; whoever did is not who closes it.
                Thread.interrupted();
            }
        }
    }

    /** From then on it takes no more bodies. */
    private synchronized boolean isIdle() {
        over = bodies.isEmpty();
        return over;
    }

    private synchronized boolean take(FutureTask<?> body) {
        return !over && bodies.add(body);
    }

    /** Returns whether it takes no more bodies. */
    public synchronized boolean isOver() {
        return over;
    }

    /**
     * Returns what {@code body} returns, run inside. The caller waits also when it is interrupted.
     *
     * @throws com.sun.jna.LastErrorException with setns(2)'s errno
     * @throws IllegalStateException where it has ended
     * @throws Exception what {@code body} throws
     */
    public <T> T call(Callable<T> body) throws Exception {
        FutureTask<T> task = new FutureTask<>(body);
        if (!take(task)) {
            throw new IllegalStateException("the thread inside has ended");
        }
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    if (running.isOver() && !task.isDone()) {
                        running.result();
                        throw new IllegalStateException("the thread inside has ended", e);
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw (Exception) e.getCause();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns once the thread has ended. */
    @Override
    public void close() {
        bodies.add(last);
        if (running.ended()) {
            Thread.currentThread().interrupt();
        }
    }
}
