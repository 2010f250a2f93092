package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.linux.sys.Guest;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Threads that are kept inside namespaces from one body to the next, from {@link #keep} to {@link #forget}. Namespaces
 * are known by their inodes, which are nobody else's as long as such a thread or who keeps it holds them.
 */
final class Guests {
    private final Map<Long, Kept> namespaces = new HashMap<>();

    /** The thread of one namespace, made when it is first asked for, and how many want it kept. */
    private static final class Kept {
        private @Nullable Guest guest;
        private int users;

        synchronized <T> T call(int namespace, Callable<T> body) throws Exception {
            if (guest != null && guest.isOver()) {
                guest.close();
                guest = null;
            }
            if (guest == null) {
                guest = new Guest(namespace);
            }
            Guest inside = guest;
            try {
                return inside.call(body);
            } catch (IllegalStateException e) {
                if (!inside.isOver()) {
                    throw e;
                }
                // It ended between being asked and being used.
                return NamespaceThread.call(namespace, body);
            }
        }

        synchronized void end() {
            if (guest != null) {
                guest.close();
            }
        }
    }

    void keep(long inode) {
        keep(inode, null);
    }

    /** Keeps {@code guest}, which is in the namespace of {@code inode} already. */
    void keep(long inode, @Nullable Guest guest) {
        synchronized (namespaces) {
            Kept kept = namespaces.computeIfAbsent(inode, each -> new Kept());
            kept.users++;
            if (guest != null) {
                kept.guest = guest;
            }
        }
    }

    /** Ends the thread in the namespace of {@code inode}, if nobody else wants it kept. */
    void forget(long inode) {
        Kept kept;
        synchronized (namespaces) {
            kept = namespaces.get(inode);
            if (kept == null || --kept.users > 0) {
                return;
            }
            namespaces.remove(inode);
        }
        kept.end();
    }

    /** Returns what {@code body}, a short one, returns, run in {@code namespace}, whose inode is {@code inode}. */
    <T> T call(int namespace, long inode, Callable<T> body) throws Exception {
        Kept kept;
        synchronized (namespaces) {
            kept = namespaces.get(inode);
        }
        return kept == null ? NamespaceThread.call(namespace, body) : kept.call(namespace, body);
    }
}
