package dev.openshell.netns.linux;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** Closes the sandboxes that are still open when the JVM ends, by itself or by a signal that it can catch. */
final class AtExit {
    private static final Set<LiveSandbox> OPEN = ConcurrentHashMap.newKeySet();

    private static final AtomicBoolean ARMED = new AtomicBoolean();
    private static volatile boolean ending;

    private AtExit() {}

    /**
     * Makes sure that sandboxes can be closed at exit.
     *
     * @throws IllegalStateException when the JVM is ending already
     */
    static void arm() {
        requireLife();
        if (!ARMED.getAndSet(true)) {
            try {
                Runtime.getRuntime().addShutdownHook(new Thread(AtExit::closeAll, "openshell-netns-exit"));
            } catch (IllegalStateException e) {
                ARMED.set(false);
                throw e;
            }
        }
    }

    /**
     * Has {@code sandbox} closed at exit, but for one that outlives this JVM.
     *
     * @throws IllegalStateException when the JVM is ending already
     */
    static void add(LiveSandbox sandbox) {
        if (!sandbox.isDetached()) {
            OPEN.add(sandbox);
        }
        requireLife();
    }

    private static void requireLife() {
        if (ending) {
            throw new IllegalStateException("this JVM is ending: no sandbox can be made any more");
        }
    }

    static void remove(LiveSandbox sandbox) {
        OPEN.remove(sandbox);
    }

    private static void closeAll() {
        ending = true;
        for (LiveSandbox sandbox : OPEN) {
            try {
                sandbox.close();
            } catch (RuntimeException | Error e) {
                // Nobody is left to be told; the next sandbox on this host sweeps.
                log().log(System.Logger.Level.DEBUG, "closing " + sandbox, e);
            }
        }
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static System.Logger log() {
        return System.getLogger(AtExit.class.getName());
    }
}
