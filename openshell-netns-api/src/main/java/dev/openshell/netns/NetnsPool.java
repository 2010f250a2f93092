package dev.openshell.netns;

import java.util.Objects;
import java.util.Optional;

/**
 * A number of namespaces that are kept ready, each with its link up and everything dropped, so that applying a policy
 * only has to allow what that allows. Each is used once: a sandbox that is closed does not come back.
 *
 * <pre>{@code
 * SandboxPolicy shared = NetnsSandbox.builder().linkPool("10.201.0.0/16").policy();
 * try (NetnsPool pool = NetnsPool.of(shared, 8)) {
 *     try (NetnsSandbox sandbox = pool.apply(shared.toBuilder().proxy(3128).directTcp("wss-primary.slack.com"))) {
 *         sandbox.start(new ProcessBuilder("node", "app.js")).waitFor();
 *     }
 * }
 * }</pre>
 *
 * <p>One thread makes what is missing. Where none is ready, or none that is ready can become what a policy asks for, a
 * sandbox is made on the spot, as {@link NetnsSandbox.Builder#apply()} makes it: {@link #apply(SandboxPolicy)} never
 * waits for one to become ready. One that is ready and no longer as it was made, because others took its link or the
 * standing rules away, is closed and not given out.
 *
 * <p>All methods may be called from any thread. Not for implementation by others.
 *
 * @since 0.1
 */
@Incubating
public interface NetnsPool extends AutoCloseable {
    /** The most namespaces that a pool keeps ready. */
    int MOST = 1_000;

    /**
     * Returns a pool of the one provider on the class or module path.
     *
     * @param base what all its sandboxes share, see {@link NetnsProvider#pool}
     * @param size how many are kept ready
     * @throws IllegalArgumentException when {@code size} is not 1 to {@value #MOST}
     * @throws IllegalStateException when there is no provider or more than one
     * @throws NetnsException when nothing can be made here; nothing is left behind then
     */
    static NetnsPool of(SandboxPolicy base, int size) {
        return of(NetnsSandbox.Builder.onlyProvider(), base, size);
    }

    /**
     * Returns a pool of {@code provider}; otherwise like {@link #of(SandboxPolicy, int)}.
     *
     * @throws UnsupportedOperationException when {@code provider} has none
     */
    static NetnsPool of(NetnsProvider provider, SandboxPolicy base, int size) {
        Objects.requireNonNull(base, "base");
        if (size < 1 || size > MOST) {
            throw new IllegalArgumentException("pool size " + size + " is not 1 to " + MOST);
        }
        return provider.pool(base, size);
    }

    /**
     * Returns a live sandbox that enforces {@code policy}, with the name that it says. What the base of the pool allows
     * counts for nothing here.
     *
     * @throws IllegalArgumentException when it says another host namespace, link pool or variant of iptables than the
     *     base of this pool
     * @throws NetnsException when it could not be made; nothing of it is left behind then
     * @throws IllegalStateException when the pool is closed, or is being closed meanwhile
     */
    NetnsSandbox apply(SandboxPolicy policy);

    /** Returns a live sandbox that enforces what {@code builder} says, whatever provider that has. */
    default NetnsSandbox apply(NetnsSandbox.Builder builder) {
        return apply(builder.policy());
    }

    /** Returns how the pool does just now; also when it is closed. */
    Metrics metrics();

    /**
     * Closes all that are ready. Sandboxes that were given out are their callers' and live on. Does nothing when called
     * again.
     *
     * @throws NetnsException when something could not be removed; all the rest was
     */
    @Override
    void close();

    /**
     * What a pool did so far.
     *
     * @param ready how many are ready now
     * @param made how many became ready in all
     * @param taken how many of these were given out
     * @param misses how many sandboxes were made on the spot, or were tried to, since none was ready that fits
     * @param discarded how many were closed unused since they were no longer as they were made, or failed while they
     *     were taken
     * @param failures how often making one ready, or closing a discarded one, failed
     * @param lastFailure the last of these failures
     * @since 0.1
     */
    @Incubating
    record Metrics(
            int ready,
            long made,
            long taken,
            long misses,
            long discarded,
            long failures,
            Optional<Throwable> lastFailure) {
        /** Checks that nothing is null. */
        public Metrics {
            Objects.requireNonNull(lastFailure, "lastFailure");
        }
    }
}
