package dev.openshell.netns.linux;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** Closes the sandboxes that are still open when the JVM ends, by itself or by a signal that it can catch. */
final class AtExit {
    private static final System.Logger LOG = System.getLogger(AtExit.class.getName());
    private static final Set<LiveSandbox> OPEN = ConcurrentHashMap.newKeySet();

    private static final AtomicBoolean ARMED = new AtomicBoolean();

    private AtExit() {}

    /**
     * Makes sure that sandboxes can be closed at exit.
     *
     * @throws IllegalStateException when the JVM is ending already
     */
    static void arm() {
        if (!ARMED.getAndSet(true)) {
            try {
                Runtime.getRuntime().addShutdownHook(new Thread(AtExit::closeAll, "openshell-netns-exit"));
            } catch (IllegalStateException e) {
                ARMED.set(false);
                throw e;
            }
        }
    }

    /** One that outlives this JVM is left alone. */
    static void add(LiveSandbox sandbox) {
        if (!sandbox.isDetached()) {
            OPEN.add(sandbox);
        }
    }

    static void remove(LiveSandbox sandbox) {
        OPEN.remove(sandbox);
    }

    private static void closeAll() {
        for (LiveSandbox sandbox : OPEN) {
            try {
                sandbox.close();
            } catch (RuntimeException e) {
                // Nobody is left to be told; the next sandbox on this host sweeps.
                LOG.log(System.Logger.Level.DEBUG, "closing " + sandbox, e);
            }
        }
    }
}
