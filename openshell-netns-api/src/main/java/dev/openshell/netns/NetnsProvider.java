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
}
