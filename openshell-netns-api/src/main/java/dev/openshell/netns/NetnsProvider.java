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
}
