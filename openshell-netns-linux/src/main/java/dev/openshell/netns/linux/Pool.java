package dev.openshell.netns.linux;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsPool;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.plan.Enforcement;
import dev.openshell.netns.linux.plan.Prepared;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/** Namespaces that are ready on one host, and what turns them into sandboxes. */
final class Pool implements NetnsPool {
    private static final System.Logger LOG = System.getLogger(Pool.class.getName());

    private final PoolGround ground;
    private final SandboxPolicy base;
    private final PoolShelf shelf;
    private final PoolRefill refill;
    private final Thread exit = new Thread(this::closeAtExit, "openshell-netns-pool-exit");
    private final ReentrantLock closing = new ReentrantLock();
    private boolean over;

    private Pool(PoolGround ground, SandboxPolicy base, int size) {
        this.ground = ground;
        this.base = base;
        this.shelf = new PoolShelf(size);
        this.refill = new PoolRefill(shelf, ground::prepare);
    }

    /**
     * Returns a pool that begins to make what is to be ready, and closes {@code ground} with itself.
     *
     * @param atExit whether it is closed when the JVM ends
     * @throws IllegalStateException when the JVM is ending already
     */
    static Pool begin(PoolGround ground, SandboxPolicy base, int size, boolean atExit) {
        Pool pool = new Pool(ground, base, size);
        if (atExit) {
            Runtime.getRuntime().addShutdownHook(pool.exit);
        }
        pool.refill.start();
        return pool;
    }

    private void closeAtExit() {
        try {
            close();
        } catch (RuntimeException | Error e) {
            // Nobody is left to be told; the next sandbox on this host sweeps.
            LOG.log(System.Logger.Level.DEBUG, "closing " + this, e);
        }
    }

    private void forgetExit() {
        try {
            Runtime.getRuntime().removeShutdownHook(exit);
        } catch (IllegalStateException e) {
            // The JVM is ending, and this may be its hook.
        }
    }

    @Override
    public NetnsSandbox apply(SandboxPolicy policy) {
        requireSame("host namespace", policy.hostNamespace(), base.hostNamespace());
        requireSame("link pool", policy.linkPool(), base.linkPool());
        requireSame("variant of iptables", policy.iptables(), base.iptables());
        shelf.begin();
        NetnsSandbox sandbox;
        try {
            sandbox = ground.apply(policy, shelf, this::enforce);
        } finally {
            shelf.end();
        }
        return whileOpen(sandbox);
    }

    private static void requireSame(String what, Object asked, Object own) {
        if (!asked.equals(own)) {
            throw new IllegalArgumentException("the policy's " + what + " " + text(asked) + " is not the pool's, "
                    + text(own) + "; make another pool for it, or apply it without one");
        }
    }

    private static String text(Object value) {
        return value instanceof Optional<?> given
                ? given.map(Object::toString).orElse("(the caller's)")
                : value.toString();
    }

    private Enforcement enforce(int host, ResolvedPolicy resolved, Deadline deadline) {
        for (Optional<Prepared> next = shelf.poll(resolved); next.isPresent(); next = shelf.poll(resolved)) {
            Optional<Enforcement> taken = take(next.get(), host, resolved, deadline);
            if (taken.isPresent()) {
                shelf.countTaken();
                return taken.get();
            }
            discard(next.get());
        }
        shelf.countMiss();
        return ground.enforce(host, resolved, deadline);
    }

    private Optional<Enforcement> take(Prepared ready, int host, ResolvedPolicy resolved, Deadline deadline) {
        try {
            return ready.take(host, resolved, deadline);
        } catch (RuntimeException | Error e) {
            shelf.countDiscarded();
            throw e;
        }
    }

    private void discard(Prepared ready) {
        shelf.countDiscarded();
        try {
            ready.close();
        } catch (NetnsException e) {
            shelf.failed(e);
        }
    }

    /** Nobody gets a sandbox of a pool that was closed while it was made. */
    private NetnsSandbox whileOpen(NetnsSandbox sandbox) {
        try {
            shelf.requireOpen();
            return sandbox;
        } catch (IllegalStateException e) {
            try {
                sandbox.close();
            } catch (NetnsException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
    }

    @Override
    public Metrics metrics() {
        return shelf.metrics();
    }

    @Override
    public void close() {
        closing.lock();
        // Closing gets through whatever happens to the thread.
        boolean interrupted = Thread.interrupted();
        try {
            if (!over) {
                over = true;
                drain();
            }
        } finally {
            closing.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void drain() {
        List<Prepared> left = shelf.close();
        forgetExit();
        refill.end();
        List<NetnsException> failures = new ArrayList<>();
        for (Prepared each : left) {
            attempt(each::close, failures);
        }
        attempt(ground::close, failures);
        if (!failures.isEmpty()) {
            NetnsException first = failures.get(0);
            failures.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        }
    }

    private static void attempt(Runnable part, List<NetnsException> failures) {
        try {
            part.run();
        } catch (NetnsException e) {
            failures.add(e);
        }
    }

    @Override
    public String toString() {
        return "NetnsPool[" + metrics() + "]";
    }
}
