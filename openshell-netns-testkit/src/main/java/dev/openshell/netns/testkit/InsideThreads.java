package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.net.Netns;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Which thread is in which namespace. A thread that is started inside is inside as well, as on Linux. */
final class InsideThreads {
    private final InheritableThreadLocal<Netns> inside = new InheritableThreadLocal<>();
    /** The group of the last call's thread, by its namespace's inode. */
    private final Map<Long, ThreadGroup> groups = new ConcurrentHashMap<>();

    Optional<Netns> here() {
        return Optional.ofNullable(inside.get());
    }

    /** Runs {@code body} with the calling thread in {@code netns}. */
    void enter(Netns netns, Runnable body) {
        Netns before = inside.get();
        inside.set(netns);
        try {
            body.run();
        } finally {
            inside.set(before);
        }
    }

    /** Runs {@code body} on a thread in {@code netns} that ends with it; an interrupt is handed on, and set again. */
    <T> T call(Netns netns, Callable<T> body) throws Exception {
        FutureTask<T> task = new FutureTask<>(() -> {
            inside.set(netns);
            return body.call();
        });
        // What the body starts is of the same group, unless it says otherwise.
        ThreadGroup group = new ThreadGroup("fake-namespace-" + netns.inode());
        Thread thread = new Thread(group, task, group.getName());
        thread.setDaemon(true);
        groups.put(netns.inode(), group);
        thread.start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    thread.join();
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                    thread.interrupt();
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw (Exception) e.getCause();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Checks that the last call into the namespace of {@code inode} left no thread there.
     *
     * @throws IllegalStateException when it did
     */
    void requireNoneLeft(long inode) {
        ThreadGroup group = groups.remove(inode);
        int left = group == null ? 0 : group.activeCount();
        if (left > 0) {
            throw new IllegalStateException(left + " threads of this JVM are left in namespace net:[" + inode
                    + "]; what runs inside must start no threads");
        }
    }
}
