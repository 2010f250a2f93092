package dev.openshell.netns.linux.kernel;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Things that are kept for namespaces, from {@link #keep} to {@link #forget}. Namespaces are known by their inodes, which
 * are nobody else's as long as a thing, or who wants it kept, holds them.
 */
final class KeptThings<T> {
    private final Map<Long, Kept<T>> namespaces = new HashMap<>();

    /** A thing, and how many want it kept. */
    private record Kept<T>(T thing, int users) {}

    /** Returns the thing of the namespace of {@code inode}, made where there is none, and keeps it once more. */
    synchronized T keep(long inode, Supplier<T> maker) {
        return namespaces
                .compute(
                        inode,
                        (key, there) -> there == null
                                ? new Kept<>(maker.get(), 1)
                                : new Kept<>(there.thing(), there.users() + 1))
                .thing();
    }

    /** Returns the thing of the namespace of {@code inode}, empty where none is kept. */
    synchronized Optional<T> of(long inode) {
        return Optional.ofNullable(namespaces.get(inode)).map(Kept::thing);
    }

    /** Keeps it once less, and returns it where nobody wants it kept any more. */
    synchronized Optional<T> forget(long inode) {
        Kept<T> kept = namespaces.get(inode);
        if (kept == null) {
            return Optional.empty();
        }
        if (kept.users() > 1) {
            namespaces.put(inode, new Kept<>(kept.thing(), kept.users() - 1));
            return Optional.empty();
        }
        namespaces.remove(inode);
        return Optional.of(kept.thing());
    }
}
