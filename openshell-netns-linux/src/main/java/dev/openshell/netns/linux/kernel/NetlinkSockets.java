package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.linux.sys.NamespaceThread;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Netlink sockets of one protocol that are kept from one exchange to the next: one that lives in a namespace needs no
 * thread to go in. A socket holds its namespace, and for a while after it was closed too; so they are kept only where
 * much is asked in a row, from {@link #keep} to {@link #forget}. They are known by the namespace's inode, which is
 * nobody else's as long as they hold it.
 */
final class NetlinkSockets {
    private final int protocol;
    private final Map<Long, Kept> namespaces = new HashMap<>();

    /** The sockets of one namespace that are not in use, and how many want them kept. */
    private static final class Kept {
        private final Deque<NetlinkSocket> idle = new ArrayDeque<>();
        private int users;
    }

    NetlinkSockets(int protocol) {
        this.protocol = protocol;
    }

    /** From now on those of the namespace of {@code inode} are kept, until each who said so has said {@link #forget}. */
    void keep(long inode) {
        synchronized (namespaces) {
            namespaces.computeIfAbsent(inode, each -> new Kept()).users++;
        }
    }

    /** Closes those of the namespace of {@code inode}, if nobody else wants them kept. */
    void forget(long inode) {
        Kept kept;
        synchronized (namespaces) {
            kept = namespaces.get(inode);
            if (kept == null || --kept.users > 0) {
                return;
            }
            namespaces.remove(inode);
        }
        kept.idle.forEach(NetlinkSocket::close);
    }

    /** Sends {@code request} in {@code namespace}, whose inode is {@code inode}, and returns all answers. */
    byte[] exchange(int namespace, long inode, byte[] request) throws Exception {
        Kept kept;
        NetlinkSocket idle;
        synchronized (namespaces) {
            kept = namespaces.get(inode);
            idle = kept == null ? null : kept.idle.poll();
        }
        if (kept == null) {
            return NamespaceThread.call(namespace, () -> NetlinkSocket.exchange(protocol, request));
        }
        NetlinkSocket socket =
                idle != null ? idle : NamespaceThread.call(namespace, () -> NetlinkSocket.open(protocol));
        boolean back = false;
        try {
            byte[] answers = socket.exchange(request);
            back = giveBack(inode, kept, socket);
            return answers;
        } finally {
            if (!back) {
                socket.close();
            }
        }
    }

    private boolean giveBack(long inode, Kept kept, NetlinkSocket socket) {
        synchronized (namespaces) {
            boolean still = namespaces.get(inode) == kept;
            if (still) {
                kept.idle.push(socket);
            }
            return still;
        }
    }
}
