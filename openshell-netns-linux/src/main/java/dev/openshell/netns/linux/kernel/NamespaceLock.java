package dev.openshell.netns.linux.kernel;

import com.sun.jna.LastErrorException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * A lock on a namespace against every other holder, in any process: flock(2) on its file. The threads of this process
 * take turns before it, in the order in which they came: of many that try flock over and over some would starve.
 */
final class NamespaceLock {
    private static final Duration PAUSE = Duration.ofMillis(2);
    private static final Map<Long, Turns> WAITING = new ConcurrentHashMap<>();

    /** The turns of one namespace, and how many threads hold or want one. */
    private record Turns(Semaphore turn, int users) {
        Turns with(int more) {
            return new Turns(turn, users + more);
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
        Turns turns = WAITING.compute(
                inode, (key, there) -> there == null ? new Turns(new Semaphore(1, true), 1) : there.with(1));
        boolean mine = false;
        int fd = -1;
        boolean locked = false;
        try {
            while (!mine) {
                deadline.check("lock", object);
                mine = await(turns.turn, deadline);
            }
            fd = opener.getAsInt();
            while (!locked) {
                locked = tryLock(fd);
                if (!locked) {
                    deadline.sleep(PAUSE, "lock", object);
                }
            }
            int held = fd;
            return () -> {
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
