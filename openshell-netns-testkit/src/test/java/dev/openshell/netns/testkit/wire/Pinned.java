package dev.openshell.netns.testkit.wire;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;

/**
 * Keeps the calling thread on one processor until it is closed: what a veth link carries waits in a queue of the
 * processor that sent it, so that then all packets share one queue and are handled in the order of their sending.
 */
final class Pinned implements AutoCloseable {
    private static final int MASK = 128;

    private final byte[] before = new byte[MASK];

    Pinned() {
        check(Sockets.sched_getaffinity(0, new NativeLong(MASK), before));
        int cpu = Sockets.sched_getcpu();
        byte[] one = new byte[MASK];
        one[cpu / 8] = (byte) (1 << cpu % 8);
        check(Sockets.sched_setaffinity(0, new NativeLong(MASK), one));
    }

    @Override
    public void close() {
        check(Sockets.sched_setaffinity(0, new NativeLong(MASK), before));
    }

    private static void check(int result) {
        if (result < 0) {
            throw new IllegalStateException("affinity: errno " + Native.getLastError());
        }
    }
}
