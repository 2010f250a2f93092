package dev.openshell.netns.linux.kernel;

import com.sun.jna.LastErrorException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;

/**
 * A lock on a namespace against every other holder, in any process: flock(2) on its file. The threads of this process
 * take turns before it, in the order in which they came: of many that try flock over and over some would starve. So
 * would another process, if the next thread of this one were always there first: it lets those that wait go before.
 */
final class NamespaceLock {
    private static final Duration PAUSE = Duration.ofMillis(2);
    /** Long enough for whoever tries every {@link #PAUSE}. */
    private static final Duration COURTESY = Duration.ofMillis(5);

    private static final Map<Long, Turns> WAITING = new ConcurrentHashMap<>();
    private static final Map<Long, Integer> HELD = new ConcurrentHashMap<>();

    /**
     * The turns of one namespace, how many threads hold or want one, and whether another process had the lock when it
     * was last wanted here.
     */
    private record Turns(Semaphore turn, int users, AtomicBoolean shared) {
        static Turns first() {
            return new Turns(new Semaphore(1, true), 1, new AtomicBoolean());
        }

        Turns with(int more) {
            return new Turns(turn, users + more, shared);
        }
    }

    private NamespaceLock() {}

    /**
     * Returns the lock on the namespace of {@code inode}.
     *
     * @param opener opens the namespace's file: the lock belongs to that description and goes with it
     */
    static Kernel.Lock take(long inode, IntSupplier opener, Deadline deadline) {
        String object = "host namespace net:[" + inode + "]";
        Turns turns = WAITING.compute(inode, (key, there) -> there == null ? Turns.first() : there.with(1));
        boolean mine = false;
        int fd = -1;
        boolean locked = false;
        try {
            while (!mine) {
                deadline.check("lock", object);
                mine = await(turns.turn, deadline);
            }
            fd = opener.getAsInt();
            if (turns.shared.get()) {
                deadline.sleep(COURTESY, "lock", object);
            }
            locked = tryLock(fd);
            turns.shared.set(!locked);
            while (!locked) {
                deadline.sleep(PAUSE, "lock", object);
                locked = tryLock(fd);
            }
            int held = fd;
            HELD.put(inode, held);
            return () -> {
                HELD.remove(inode);
                Libc.close(held);
                leave(inode, turns.turn, true);
            };
        } finally {
            if (!locked) {
                if (fd >= 0) {
                    Libc.close(fd);
                }
                leave(inode, turns.turn, mine);
            }
        }
    }

    /**
     * Returns the descriptor by which this process holds the lock on the namespace of {@code inode}, empty where it does
     * not. A program that inherits it holds the lock too, for as long as it runs.
     */
    static OptionalInt held(long inode) {
        Integer fd = HELD.get(inode);
        return fd == null ? OptionalInt.empty() : OptionalInt.of(fd);
    }

    /** An interrupt is for the deadline's next check to report. */
    private static boolean await(Semaphore turn, Deadline deadline) {
        try {
            return turn.tryAcquire(deadline.left().toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void leave(long inode, Semaphore turn, boolean mine) {
        if (mine) {
            turn.release();
        }
        WAITING.computeIfPresent(inode, (key, there) -> there.users == 1 ? null : there.with(-1));
    }

    private static boolean tryLock(int fd) {
        try {
            Libc.flock(fd, Libc.LOCK_EX | Libc.LOCK_NB);
            return true;
        } catch (LastErrorException e) {
            if (e.getErrorCode() == Errno.EAGAIN) {
                return false;
            }
            throw new KernelException(e.getErrorCode(), "flock");
        }
    }
}
