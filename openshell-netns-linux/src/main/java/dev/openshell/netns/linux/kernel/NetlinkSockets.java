package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.linux.sys.NamespaceThread;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Netlink sockets of one protocol that are kept from one exchange to the next: one that lives in a namespace needs no
 * thread to go in. A socket holds its namespace, and for a while after it was closed too; so they are kept only where
 * much is asked in a row, from {@link #keep} to {@link #forget}.
 */
final class NetlinkSockets {
    private final int protocol;
    private final KeptThings<Idle> idle = new KeptThings<>();

    /** The sockets of one namespace that are not in use. */
    private static final class Idle {
        private final Deque<NetlinkSocket> sockets = new ArrayDeque<>();
        private boolean over;

        synchronized @Nullable NetlinkSocket take() {
            return sockets.poll();
        }

        /** Returns whether it is kept for the next. */
        synchronized boolean giveBack(NetlinkSocket socket) {
            if (!over) {
                sockets.push(socket);
            }
            return !over;
        }

        synchronized void end() {
            over = true;
            sockets.forEach(NetlinkSocket::close);
            sockets.clear();
        }
    }

    NetlinkSockets(int protocol) {
        this.protocol = protocol;
    }

    /** From now on those of the namespace of {@code inode} are kept, until each who said so has said {@link #forget}. */
    void keep(long inode) {
        idle.keep(inode, Idle::new);
    }

    /** Closes those of the namespace of {@code inode}, if nobody else wants them kept. */
    void forget(long inode) {
        idle.forget(inode).ifPresent(Idle::end);
    }

    /** Sends {@code request} in {@code namespace}, whose inode is {@code inode}, and returns all answers. */
    byte[] exchange(int namespace, long inode, byte[] request) throws Exception {
        Optional<Idle> kept = idle.of(inode);
        if (kept.isEmpty()) {
            return NamespaceThread.call(namespace, () -> NetlinkSocket.exchange(protocol, request));
        }
        NetlinkSocket taken = kept.get().take();
        NetlinkSocket socket =
                taken != null ? taken : NamespaceThread.call(namespace, () -> NetlinkSocket.open(protocol));
        boolean back = false;
        try {
            byte[] answers = socket.exchange(request);
            back = kept.get().giveBack(socket);
            return answers;
        } finally {
            if (!back) {
                socket.close();
            }
        }
    }
}
