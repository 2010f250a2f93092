package dev.openshell.netns.linux.kernel;

import dev.openshell.netns.linux.sys.Guest;
import dev.openshell.netns.linux.sys.NamespaceThread;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Threads that are kept inside namespaces from one body to the next, from {@link #keep} to {@link #forget}. */
final class Guests {
    private final KeptThings<Place> places = new KeptThings<>();

    /** The thread of one namespace, made when it is first asked for. */
    private static final class Place {
        private @Nullable Guest guest;

        synchronized void use(Guest inside) {
            guest = inside;
        }

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
        places.keep(inode, Place::new);
    }

    /** Keeps {@code guest}, which is in the namespace of {@code inode} already. */
    void keep(long inode, Guest guest) {
        places.keep(inode, Place::new).use(guest);
    }

    /** Ends the thread in the namespace of {@code inode}, if nobody else wants it kept. */
    void forget(long inode) {
        places.forget(inode).ifPresent(Place::end);
    }

    /** Returns what {@code body}, a short one, returns, run in {@code namespace}, whose inode is {@code inode}. */
    <T> T call(int namespace, long inode, Callable<T> body) throws Exception {
        Optional<Place> place = places.of(inode);
        return place.isPresent() ? place.get().call(namespace, body) : NamespaceThread.call(namespace, body);
    }
}
