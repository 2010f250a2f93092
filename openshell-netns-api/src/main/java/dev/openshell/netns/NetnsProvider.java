package dev.openshell.netns;

/**
 * Applies policies. Found with {@link java.util.ServiceLoader}, or handed to
 * {@link NetnsSandbox#builder(NetnsProvider)}.
 *
 * @since 0.1
 */
public interface NetnsProvider {
    /**
     * Returns a live sandbox that enforces {@code policy}.
     *
     * @throws NetnsException when it could not be made; nothing is left behind then
     */
    NetnsSandbox apply(SandboxPolicy policy);

    /**
     * Returns what {@code policy} would do, without doing it.
     *
     * @throws NetnsException when a name has no address that can be opened
     * @throws UnsupportedOperationException where this provider can't tell
     */
    @Incubating
    default PolicyInspection inspect(SandboxPolicy policy) {
        throw new UnsupportedOperationException(getClass().getName() + " can't inspect a policy");
    }

    /**
     * Returns whether this machine and this process can make sandboxes of {@code policy}, as trying shows. Nothing of
     * the host's is changed, and what can't be found out is a check of its own, never an exception.
     *
     * @throws UnsupportedOperationException where this provider can't tell
     */
    @Incubating
    default Preflight preflight(SandboxPolicy policy) {
        throw new UnsupportedOperationException(getClass().getName() + " can't check the machine");
    }

    /**
     * Returns a pool that keeps {@code size} namespaces ready; called by {@link NetnsPool#of(NetnsProvider,
     * SandboxPolicy, int)}.
     *
     * @param base what all its sandboxes share: the host namespace (without one, that of the calling thread), the link
     *     pool and the variant of iptables. Those that are ready have IPv6 on their link where {@code base} reaches
     *     something over IPv6, and can only become sandboxes that do the same; its names are resolved once for that.
     *     Its timeout is the limit for making one ready. Nothing else in it counts
     * @throws NetnsException when nothing can be made here; nothing is left behind then
     * @throws UnsupportedOperationException where this provider has no pools
     */
    @Incubating
    default NetnsPool pool(SandboxPolicy base, int size) {
        throw new UnsupportedOperationException(
                getClass().getName() + " has no pools; apply each policy with NetnsSandbox.builder(NetnsProvider)");
    }
}
