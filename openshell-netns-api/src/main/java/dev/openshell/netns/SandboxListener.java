package dev.openshell.netns;

/**
 * Hears what happens to a sandbox without the caller's doing. All methods do nothing unless they are overridden. They are
 * called one after the other on one daemon thread of the library's; what they throw is logged at DEBUG.
 *
 * @since 0.1
 */
@Incubating
public interface SandboxListener {
    /**
     * Somebody changed or flushed the sandbox's rules on the host, and they are whole again. Until then the rules inside
     * denied what the policy does not allow.
     *
     * @param what which of them were not as they should be
     */
    default void drifted(NetnsSandbox sandbox, String what) {}

    /**
     * Nothing passes any more: the link is down, since the rules could not be made whole. The sandbox is still to be
     * closed.
     *
     * @param reason what is wrong with the rules, and why it could not be mended
     */
    default void sealed(NetnsSandbox sandbox, String reason) {}

    /**
     * The sandbox reached a limit of its connections since the last time.
     *
     * @param limit which one, as the builder call that set it
     * @param packets how many packets were dropped for it
     */
    default void limited(NetnsSandbox sandbox, String limit, long packets) {}

    /** The sandbox was closed; the last event. */
    default void closed(NetnsSandbox sandbox) {}
}
