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
    /** Opening a netlink socket. */
    OPEN_NETLINK,
    /** A datagram on such a socket. */
    EXCHANGE,
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
    /** Watching rules for changes. */
    WATCH,
    /** Taking the lock of a namespace. */
    LOCK,
    /** Publishing a namespace at a path. */
    PUBLISH,
    /** Undoing that. */
    UNPUBLISH,
    /** Asking what is published. */
    PUBLISHED,
    /** Asking whether a process is dead. */
    IS_DEAD,
    /** Asking for a process in a namespace. */
    MEMBER,
    /** Asking what is at the other end of a link. */
    IS_PEER,
    /** Asking which variants of iptables have rules. */
    VARIANTS,
    /** Tying the processes in a sandbox to this one. */
    TIE,
    /** Undoing that. */
    UNTIE,
    /** Running code inside. */
    CALL,
    /** Opening a socket inside. */
    OPEN_SOCKET,
    /** Starting a process inside. */
    START,
    /** Ending the processes inside. */
    END_PROCESSES
}
