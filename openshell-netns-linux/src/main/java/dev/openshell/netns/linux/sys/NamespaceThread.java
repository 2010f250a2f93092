package dev.openshell.netns.linux.sys;

import com.sun.jna.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Runs code in a network namespace: on a platform thread made for it, which enters, runs the code and ends. The thread
 * never goes back, so that no failure can leave a thread of the JVM's in a foreign namespace.
 */
public final class NamespaceThread {
    private static final AtomicLong COUNT = new AtomicLong();
    /** Keeps JNA's cleaner thread, which the first memory starts, alive at home: none is ever started inside. */
    @SuppressWarnings("unused")
    private static final Memory AT_HOME = new Memory(1);

    private static final Path TASKS = Path.of("/proc/self/task");
    private static final Set<String> ENTERED = ConcurrentHashMap.newKeySet();

    private NamespaceThread() {}

    /**
     * Returns what {@code body} returns, run in the network namespace of descriptor {@code namespace}; below 0 in the
     * caller's. The caller waits also when it is interrupted: the interrupt is handed on to the body, and set again.
     *
     * @throws com.sun.jna.LastErrorException with setns(2)'s errno: EBADF, EINVAL, EPERM (needs CAP_SYS_ADMIN)
     * @throws Exception what {@code body} throws
     */
    public static <T> T call(int namespace, Callable<T> body) throws Exception {
        return new Running<>(namespace, body).result();
    }

    /**
     * Does the same with several bodies side by side, each on a thread of its own, and returns what they return once all
     * have ended.
     *
     * @throws Exception what the first of those throws that failed, with what the others threw as suppressed
     */
    public static <T> List<T> callAll(int namespace, List<Callable<T>> bodies) throws Exception {
        List<Running<T>> running = new ArrayList<>();
        List<T> results = new ArrayList<>();
        @Nullable Throwable failure = null;
        try {
            for (Callable<T> body : bodies) {
                running.add(new Running<>(namespace, body));
            }
        } catch (Error e) {
            // No thread could be made: those that run are waited for all the same.
            failure = e;
        }
        for (Running<T> each : running) {
            try {
                results.add(each.result());
            } catch (Exception | Error e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw (Exception) failure;
        }
        return results;
    }

    /** A body on its way, on a thread that was started for it. */
    static final class Running<T> {
        private final AtomicInteger tid = new AtomicInteger();
        private final FutureTask<T> task;
        private final Thread thread;

        Running(int namespace, Callable<T> body) {
            task = new FutureTask<>(() -> {
                tid.set(Libc.gettid());
                ENTERED.add(Integer.toString(tid.get()));
                if (namespace >= 0) {
                    Libc.setns(namespace, Libc.CLONE_NEWNET);
                }
                return body.call();
            });
            thread = new Thread(null, task, "openshell-netns-" + COUNT.incrementAndGet(), 0, false);
            thread.setDaemon(true);
            thread.start();
        }

        boolean isOver() {
            return task.isDone();
        }

        T result() throws Exception {
            boolean interrupted = ended();
            try {
                return task.get();
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

        /** Waits until the thread is gone, and returns whether the caller was interrupted, whose flag is clear then. */
        boolean ended() {
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                    thread.interrupt();
                }
            }
            awaitGone(tid.get());
            ENTERED.remove(Integer.toString(tid.get()));
            return interrupted;
        }
    }

    /**
     * Returns the ids of this process's tasks that are in the network namespace of {@code inode} and were not sent there
     * by {@link #call} or {@link #callAll}: threads that a body started.
     */
    public static List<String> strays(long inode) {
        String inside = "net:[" + inode + "]";
        List<String> strays = new ArrayList<>();
        for (String task : Objects.requireNonNull(TASKS.toFile().list(), "/proc/self/task")) {
            try {
                Path link = TASKS.resolve(task).resolve("ns/net");
                boolean there = Files.readSymbolicLink(link).toString().equals(inside);
                // Asked last: a task that went in after the list was read is on record by now.
                if (there && !ENTERED.contains(task)) {
                    strays.add(task);
                }
            } catch (IOException gone) {
                // A task that has ended is in no namespace.
                continue;
            }
        }
        return strays;
    }

    /** Waits until the kernel's task is gone, which is some microseconds after Java's thread has ended. */
    private static void awaitGone(int tid) {
        Path task = TASKS.resolve(Integer.toString(tid));
        while (Files.exists(task)) {
            Thread.yield();
        }
    }
}
