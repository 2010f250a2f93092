package dev.openshell.netns.linux;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.plan.HostMemory;
import dev.openshell.netns.linux.plan.Upkeep;
import dev.openshell.netns.linux.sys.HomeThread;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Watches the rules of one host namespace for all sandboxes of this JVM there: when they change, and once a second, it
 * reads them, has those loaded again that somebody took away, and cuts off a sandbox whose rules can't be made whole. One
 * thread, as long as there are sandboxes.
 */
final class HostWatch {
    private static final Duration PERIOD = Duration.ofSeconds(1);
    /** Between two looks, on a host where much changes: so many times what a look takes, within these bounds. */
    private static final int SHARE = 4;

    private static final Duration SHORTEST_REST = Duration.ofMillis(100);
    private static final Duration LONGEST_REST = Duration.ofSeconds(1);

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Set<Integer> SHORTAGES = Set.of(Errno.EAGAIN, Errno.ENOMEM, Errno.EMFILE, Errno.ENFILE);
    private static final Map<Place, HostWatch> WATCHES = new HashMap<>();

    private record Place(long host, IptablesVariant variant, Class<? extends Kernel> kernel) {
        /** As good as the one that the JVM makes up, for which it loads a lot. */
        @Override
        public int hashCode() {
            return Long.hashCode(host);
        }
    }

    private final Kernel kernel;
    private final int host;
    private final IptablesVariant variant;
    private final Kernel.RuleWatch changes;
    private final Kernel.Stay sockets;
    private final HostMemory memory;
    private final Thread thread;
    private final Set<LiveSandbox> sandboxes = new LinkedHashSet<>();
    private @Nullable LiveSandbox busy;
    private boolean over;
    private long lastRead = System.nanoTime();
    private OptionalLong looked = OptionalLong.empty();

    private HostWatch(Kernel kernel, int host, IptablesVariant variant, HostMemory memory) {
        this.memory = memory;
        this.kernel = kernel;
        this.host = host;
        this.variant = variant;
        this.changes = kernel.watch(host, variant);
        this.sockets = kernel.keepSockets(host);
        this.thread = HomeThread.of("openshell-netns-watch", this::run);
    }

    /** Watches for {@code sandbox}, whose host namespace is that of descriptor {@code host}, until it is removed. */
    static HostWatch add(LiveSandbox sandbox, Kernel kernel, int host, IptablesVariant variant, HostMemory memory) {
        Place place = new Place(kernel.inode(host), variant, kernel.getClass());
        synchronized (WATCHES) {
            HostWatch watch = WATCHES.get(place);
            if (watch == null) {
                watch = begin(kernel, host, variant, memory);
                WATCHES.put(place, watch);
            }
            synchronized (watch) {
                watch.sandboxes.add(sandbox);
            }
            return watch;
        }
    }

    /** Returns what is known of the host of descriptor {@code host}, as long as some sandbox there is watched for. */
    static HostMemory memory(Kernel kernel, int host) {
        long inode = kernel.inode(host);
        synchronized (WATCHES) {
            return WATCHES.entrySet().stream()
                    .filter(each ->
                            each.getKey().host() == inode && each.getKey().kernel() == kernel.getClass())
                    .map(each -> each.getValue().memory)
                    .findFirst()
                    .orElseGet(HostMemory::new);
        }
    }

    HostMemory memory() {
        return memory;
    }

    private static HostWatch begin(Kernel kernel, int host, IptablesVariant variant, HostMemory memory) {
        int own = kernel.openNamespace(Optional.of(Path.of("/proc/self/fd/" + host)));
        HostWatch watch = null;
        boolean done = false;
        try {
            watch = new HostWatch(kernel, own, variant, memory);
            watch.thread.start();
            done = true;
            return watch;
        } finally {
            if (!done) {
                if (watch != null) {
                    watch.sockets.close();
                    watch.changes.close();
                }
                kernel.close(own);
            }
        }
    }

    /** Watches no more for {@code sandbox}; when this returns nothing is being loaded for it. */
    void remove(LiveSandbox sandbox) {
        boolean interrupted = false;
        synchronized (this) {
            sandboxes.remove(sandbox);
            while (busy == sandbox) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (isLeft()) {
            interrupted |= end();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns whether this was the last sandbox; nobody joins any more then. */
    private boolean isLeft() {
        synchronized (WATCHES) {
            synchronized (this) {
                return sandboxes.isEmpty() && WATCHES.values().remove(this);
            }
        }
    }

    private boolean end() {
        synchronized (this) {
            over = true;
            changes.wake();
            notifyAll();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        // Not before the thread was woken and has ended: a descriptor's number may be somebody else's then.
        sockets.close();
        changes.close();
        kernel.close(host);
        return interrupted;
    }

    /** Goes on whatever happens: a sandbox that nobody watches would be open once its rules are gone. */
    private void run() {
        while (!isOver()) {
            try {
                boolean changed = changes.await(PERIOD);
                long start = System.nanoTime();
                if (!changed || start - lastRead > PERIOD.toNanos() || !isOwn()) {
                    look();
                }
                long took = System.nanoTime() - start;
                // What changes meanwhile ends the next wait at once.
                rest(Math.min(LONGEST_REST.toNanos(), Math.max(SHORTEST_REST.toNanos(), took * SHARE)));
            } catch (RuntimeException | Error e) {
                log().log(System.Logger.Level.DEBUG, "could not look at the host's rules", e);
                rest(LONGEST_REST.toNanos());
            }
        }
    }

    private synchronized boolean isOver() {
        return over;
    }

    private synchronized void rest(long nanos) {
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0 && !over; left = end - System.nanoTime()) {
            try {
                wait(left / 1_000_000, (int) (left % 1_000_000));
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Returns whether all that has changed since the last look is what this process itself did to the rules. */
    private boolean isOwn() {
        try {
            return memory.isOwnSince(looked, kernel.generation(host));
        } catch (KernelException e) {
            return false;
        }
    }

    private void look() {
        if (isOver()) {
            return;
        }
        Upkeep.Reading reading;
        try {
            looked = kernel.generation(host);
            reading = Upkeep.Reading.of(kernel, host, variant, Deadline.in(LIMIT));
            lastRead = System.nanoTime();
        } catch (RuntimeException | Error e) {
            unread(e);
            return;
        }
        Map<LiveSandbox, String> drifted = new LinkedHashMap<>();
        for (LiveSandbox sandbox : all()) {
            ifWatched(sandbox, () -> compare(sandbox, reading).ifPresent(what -> drifted.put(sandbox, what)));
        }
        mend(drifted);
    }

    private static Optional<String> compare(LiveSandbox sandbox, Upkeep.Reading reading) {
        try {
            if (!Events.isBehind()) {
                sandbox.upkeep().limited(reading).forEach((limit, packets) -> sandbox.events()
                        .tell(listener -> listener.limited(sandbox, limit, packets)));
            }
            return sandbox.upkeep().drift(reading);
        } catch (RuntimeException | Error e) {
            return Optional.of("the rules can't be compared: " + e);
        }
    }

    /** Each is cut off before the first is mended, which may take its time; all of it together has an end. */
    private void mend(Map<LiveSandbox, String> drifted) {
        Deadline deadline = Deadline.in(PATIENCE);
        drifted.forEach((sandbox, what) -> ifWatched(sandbox, () -> cutOff(sandbox)));
        drifted.forEach((sandbox, what) -> ifWatched(sandbox, () -> mend(sandbox, what, deadline)));
    }

    private void cutOff(LiveSandbox sandbox) {
        try {
            sandbox.upkeep().forward(host, false);
        } catch (RuntimeException | Error e) {
            // Mending begins with the same, and seals where it can't.
            log().log(System.Logger.Level.DEBUG, "could not cut off " + sandbox, e);
        }
    }

    /**
     * A machine that is short of processes, memory or time says nothing about the rules; for a while that is borne. Any
     * other failure does: what can't be read may not be there.
     */
    private void unread(Throwable failure) {
        boolean refused = failure instanceof KernelException e && !SHORTAGES.contains(e.errno());
        if (refused || System.nanoTime() - lastRead > PATIENCE.toNanos()) {
            String what = "the rules can't be read: " + failure.getMessage();
            Map<LiveSandbox, String> drifted = new LinkedHashMap<>();
            all().forEach(sandbox -> drifted.put(sandbox, what));
            mend(drifted);
        }
    }

    private synchronized List<LiveSandbox> all() {
        return List.copyOf(sandboxes);
    }

    /** Whoever removes the sandbox meanwhile waits; nobody else does. */
    private void ifWatched(LiveSandbox sandbox, Runnable body) {
        synchronized (this) {
            if (!sandboxes.contains(sandbox) || sandbox.isSealed()) {
                return;
            }
            busy = sandbox;
        }
        try {
            body.run();
        } finally {
            synchronized (this) {
                busy = null;
                notifyAll();
            }
        }
    }

    private void mend(LiveSandbox sandbox, String what, Deadline deadline) {
        try {
            sandbox.upkeep().repair(host, deadline);
            sandbox.events().tell(listener -> listener.drifted(sandbox, what));
        } catch (RuntimeException | Error e) {
            seal(sandbox, what + "; " + e.getMessage());
        }
    }

    private void seal(LiveSandbox sandbox, String reason) {
        try {
            sandbox.upkeep().seal(host);
            sandbox.sealed();
            sandbox.events().tell(listener -> listener.sealed(sandbox, reason));
        } catch (RuntimeException | Error e) {
            // The next look tries again.
            log().log(System.Logger.Level.DEBUG, "could not seal " + sandbox, e);
        }
    }

    /** Got where there is something to say: the JVM loads its logging with the first one. */
    private static System.Logger log() {
        return System.getLogger(HostWatch.class.getName());
    }
}
