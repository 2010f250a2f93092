package dev.openshell.netns.linux.resolve;

import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;

/** Opens the sockets that nameservers are asked through: a socket stays in the namespace in which it was opened. */
public interface ChannelOpener {
    /**
     * Returns a new datagram channel, neither bound nor connected.
     *
     * @param family {@link java.net.StandardProtocolFamily#INET} or {@code INET6}, the nameserver's
     * @throws IOException when there is no such socket to be had
     */
    DatagramChannel openDatagram(ProtocolFamily family) throws IOException;

    /**
     * Returns a new stream channel, neither bound nor connected.
     *
     * @param family {@link java.net.StandardProtocolFamily#INET} or {@code INET6}, the nameserver's
     * @throws IOException when there is no such socket to be had
     */
    SocketChannel openStream(ProtocolFamily family) throws IOException;

    /** Returns an opener whose sockets are in the namespace of the thread that calls it. */
    static ChannelOpener direct() {
        return new ChannelOpener() {
            @Override
            public DatagramChannel openDatagram(ProtocolFamily family) throws IOException {
                return DatagramChannel.open(family);
            }

            @Override
            public SocketChannel openStream(ProtocolFamily family) throws IOException {
                return SocketChannel.open(family);
            }
        };
    }
}
