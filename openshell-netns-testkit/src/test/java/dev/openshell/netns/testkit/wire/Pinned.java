package dev.openshell.netns.testkit.wire;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.util.function.Supplier;

/**
 * Keeps a thread on one processor: what a veth link carries waits in a queue of the processor that sent it, so that
 * then all packets share one queue and are handled in the order of their sending.
 */
final class Pinned {
    private static final int MASK = 128;

    private Pinned() {}

    /** Returns what {@code body} returns, run on this thread while it can't change its processor. */
    static <T> T call(Supplier<T> body) {
        byte[] before = new byte[MASK];
        check(Sockets.sched_getaffinity(0, new NativeLong(MASK), before));
        int cpu = Sockets.sched_getcpu();
        byte[] one = new byte[MASK];
        one[cpu / 8] = (byte) (1 << cpu % 8);
        check(Sockets.sched_setaffinity(0, new NativeLong(MASK), one));
        try {
            return body.get();
        } finally {
            check(Sockets.sched_setaffinity(0, new NativeLong(MASK), before));
        }
    }

    private static void check(int result) {
        if (result < 0) {
            throw new IllegalStateException("affinity: errno " + Native.getLastError());
        }
    }
}
