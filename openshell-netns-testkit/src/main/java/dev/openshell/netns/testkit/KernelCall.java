package dev.openshell.netns.testkit;

/**
 * The calls that go to a {@link FakeKernel}, as {@link Fault}s name them.
 *
 * @since 0.1
 */
public enum KernelCall {
    /** Checking for Linux and capabilities. */
    PREFLIGHT,
    /** Opening a namespace by path. */
    OPEN_NAMESPACE,
    /** Making a namespace. */
    CREATE_NAMESPACE,
    /** Asking for a namespace's inode. */
    INODE,
    /** Closing a descriptor. */
    CLOSE,
    /** An rtnetlink datagram. */
    NETLINK,
    /** An nfnetlink datagram, such as one that asks for tracked flows. */
    NETFILTER,
    /** Reading a sysctl. */
    READ_SYSCTL,
    /** Writing a sysctl. */
    WRITE_SYSCTL,
    /** Finding out the variant of iptables. */
    IPTABLES,
    /** Loading rules. */
    RESTORE,
    /** Reading rules back. */
    SAVE,
    /** Taking the lock of a namespace. */
    LOCK,
    /** Publishing a namespace at a path. */
    PUBLISH,
    /** Undoing that. */
    UNPUBLISH,
    /** Running code inside. */
    CALL,
    /** Opening a socket inside. */
    OPEN_SOCKET,
    /** Starting a process inside. */
    START,
    /** Ending the processes inside. */
    END_PROCESSES
}
