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
}
