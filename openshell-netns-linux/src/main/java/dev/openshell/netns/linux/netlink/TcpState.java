package dev.openshell.netns.linux.netlink;

/**
 * The state that connection tracking has a TCP connection in, in the kernel's order (enum tcp_conntrack,
 * include/uapi/linux/netfilter/nf_conntrack_tcp.h).
 */
public enum TcpState {
    NONE,
    SYN_SENT,
    SYN_RECV,
    ESTABLISHED,
    FIN_WAIT,
    CLOSE_WAIT,
    LAST_ACK,
    TIME_WAIT,
    CLOSE,
    /** Both ends sent a SYN. */
    SYN_SENT2;

    private static final TcpState[] ALL = values();

    /**
     * Returns the state of this number.
     *
     * @throws IllegalArgumentException when there is none
     */
    static TcpState of(int number) {
        if (number >= ALL.length) {
            throw new IllegalArgumentException("TCP state " + number + " of " + ALL.length);
        }
        return ALL[number];
    }

    /** Returns whether the connection is over, and its entry is only kept for stragglers. */
    public boolean isOver() {
        return this == TIME_WAIT || this == CLOSE;
    }
}
