package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.linux.sys.NamespaceThread;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Netlink sockets of one protocol that are kept from one exchange to the next: one that lives in a namespace needs no
 * thread to go in. A socket holds its namespace, and for a while after it was closed too; so they are kept only where
 * much is asked in a row, between {@link #keep} and {@link #forget}. They are known by the namespace's inode, which is
 * nobody else's as long as they hold it.
 */
final class NetlinkSockets {
    private final int protocol;
    private final Map<Long, Deque<NetlinkSocket>> idle = new HashMap<>();

    NetlinkSockets(int protocol) {
        this.protocol = protocol;
    }

    /** From now on those of the namespace of {@code inode} are kept. */
    void keep(long inode) {
        synchronized (idle) {
            idle.computeIfAbsent(inode, each -> new ArrayDeque<>());
        }
    }

    /** Closes those of the namespace of {@code inode}. */
    void forget(long inode) {
        Deque<NetlinkSocket> own;
        synchronized (idle) {
            own = idle.remove(inode);
        }
        if (own != null) {
            own.forEach(NetlinkSocket::close);
        }
    }

    /** Sends {@code request} in {@code namespace}, whose inode is {@code inode}, and returns all answers. */
    byte[] exchange(int namespace, long inode, byte[] request) throws Exception {
        Deque<NetlinkSocket> own;
        NetlinkSocket kept;
        synchronized (idle) {
            own = idle.get(inode);
            kept = own == null ? null : own.poll();
        }
        if (own == null) {
            return NamespaceThread.call(namespace, () -> NetlinkSocket.exchange(protocol, request));
        }
        NetlinkSocket socket =
                kept != null ? kept : NamespaceThread.call(namespace, () -> NetlinkSocket.open(protocol));
        boolean back = false;
        try {
            byte[] answers = socket.exchange(request);
            back = giveBack(inode, own, socket);
            return answers;
        } finally {
            if (!back) {
                socket.close();
            }
        }
    }

    private boolean giveBack(long inode, Deque<NetlinkSocket> own, NetlinkSocket socket) {
        synchronized (idle) {
            boolean still = idle.get(inode) == own && !socket.isSpent();
            if (still) {
                own.push(socket);
            }
            return still;
        }
    }
}
