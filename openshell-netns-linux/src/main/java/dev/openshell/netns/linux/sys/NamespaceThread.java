package dev.openshell.netns.linux.sys;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs code in a network namespace: on a platform thread made for it, which enters, runs the code and ends. The thread
 * never goes back, so that no failure can leave a thread of the JVM's in a foreign namespace.
 */
public final class NamespaceThread {
    private static final AtomicLong COUNT = new AtomicLong();

    private NamespaceThread() {}

    /**
     * Returns what {@code body} returns, run in the network namespace of descriptor {@code namespace}; below 0 in the
     * caller's. The caller waits also when it is interrupted: the interrupt is handed on to the body, and set again.
     *
     * @throws com.sun.jna.LastErrorException with setns(2)'s errno: EBADF, EINVAL, EPERM (needs CAP_SYS_ADMIN)
     * @throws Exception what {@code body} throws
     */
    public static <T> T call(int namespace, Callable<T> body) throws Exception {
        AtomicInteger tid = new AtomicInteger();
        FutureTask<T> task = new FutureTask<>(() -> {
            tid.set(Libc.gettid());
            if (namespace >= 0) {
                Libc.setns(namespace, Libc.CLONE_NEWNET);
            }
            return body.call();
        });
        Thread thread = new Thread(null, task, "openshell-netns-" + COUNT.incrementAndGet(), 0, false);
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    thread.join();
                    awaitGone(tid.get());
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

    /** Waits until the kernel's task is gone, which is some microseconds after Java's thread has ended. */
    private static void awaitGone(int tid) {
        Path task = Path.of("/proc/self/task", Integer.toString(tid));
        while (Files.exists(task)) {
            Thread.yield();
        }
    }
}
