package dev.openshell.netns.linux.base;

import dev.openshell.netns.NetnsException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The moment by which applying a policy has to be done, on the monotonic clock. */
public final class Deadline {
    private final Duration limit;
    private final long end;

    private Deadline(Duration limit) {
        this.limit = limit;
        this.end = System.nanoTime() + saturatedNanos(limit);
    }

    /** Returns the deadline {@code limit} from now. */
    public static Deadline in(Duration limit) {
        return new Deadline(limit);
    }

    /** Returns the time that is left, at least zero. */
    public Duration left() {
        return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
    }

    /** Returns the sooner of {@code other} and the time that is left. */
    public Duration atMost(Duration other) {
        Duration left = left();
        return left.compareTo(other) < 0 ? left : other;
    }

    /**
     * Returns if there is time left and the thread is not interrupted.
     *
     * @throws NetnsException naming {@code step} and {@code object} otherwise; an interrupt stays set
     */
    public void check(String step, String object) {
        if (Thread.currentThread().isInterrupted()) {
            throw new NetnsException(step, object, 0, "interrupted", "nothing is left behind; apply again", null);
        }
        if (end - System.nanoTime() <= 0) {
            throw new NetnsException(
                    step, object, 0, "not done within " + limit, "set a longer timeout(Duration)", null);
        }
    }

    /** Checks as {@link #check(String, String)}, sleeps for {@code pause} or until the deadline, and checks again. */
    public void sleep(Duration pause, String step, String object) {
        check(step, object);
        LockSupport.parkNanos(atMost(pause).toNanos());
        check(step, object);
    }

    private static long saturatedNanos(Duration duration) {
        return Math.min(TimeUnit.NANOSECONDS.convert(duration), Long.MAX_VALUE / 2);
    }
}
