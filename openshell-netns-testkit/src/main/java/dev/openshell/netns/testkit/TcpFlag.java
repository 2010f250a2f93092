package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.packet.Header;

/**
 * A flag of the TCP header (RFC 9293 3.1).
 *
 * @since 0.1
 */
public enum TcpFlag {
    /** No more data. */
    FIN(Header.FIN),
    /** Begins a connection. */
    SYN(Header.SYN),
    /** Ends a connection at once. */
    RST(Header.RST),
    /** Hand the data on. */
    PSH(Header.PSH),
    /** Acknowledges. */
    ACK(Header.ACK),
    /** Has urgent data. */
    URG(Header.URG);

    private final int bit;

    TcpFlag(int bit) {
        this.bit = bit;
    }

    int bit() {
        return bit;
    }
}
