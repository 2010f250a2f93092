package dev.openshell.netns.linux;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxListener;
import dev.openshell.netns.linux.sys.HomeThread;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The listeners of one sandbox. They are told on one thread for all sandboxes, which ends when there is nothing to say. */
final class Events {
    private static final int MOST_WAITING = 1000;
    private static final ThreadPoolExecutor TELLER = new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> HomeThread.of("openshell-netns-events", task));

    static {
        TELLER.allowCoreThreadTimeOut(true);
    }

    private final List<Registered> listeners = new CopyOnWriteArrayList<>();

    /** A listener that is added twice is told twice: each registration is its own. */
    private static final class Registered implements NetnsSandbox.Registration {
        private final SandboxListener listener;
        private final Events events;

        Registered(SandboxListener listener, Events events) {
            this.listener = listener;
            this.events = events;
        }

        @Override
        public void close() {
            events.listeners.remove(this);
        }
    }

    NetnsSandbox.Registration add(SandboxListener listener) {
        Registered registered = new Registered(listener, this);
        listeners.add(registered);
        return registered;
    }

    /** Returns whether the listeners are slower than what happens: what can wait should. */
    static boolean isBehind() {
        return TELLER.getQueue().size() >= MOST_WAITING;
    }

    /** Has {@code event} told to each listener. */
    void tell(Consumer<SandboxListener> event) {
        if (!listeners.isEmpty()) {
            TELLER.execute(() -> listeners.forEach(each -> tell(each.listener, event)));
        }
    }

    private static void tell(SandboxListener listener, Consumer<SandboxListener> event) {
        try {
            event.accept(listener);
        } catch (RuntimeException | Error e) {
            log().log(System.Logger.Level.DEBUG, "a listener of a sandbox threw", e);
        }
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static System.Logger log() {
        return System.getLogger(Events.class.getName());
    }
}
