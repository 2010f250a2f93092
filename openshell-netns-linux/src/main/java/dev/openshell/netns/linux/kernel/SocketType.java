package dev.openshell.netns.linux.kernel;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A kind of socket of the JDK's, and how the JDK opens one in the calling thread's namespace, unbound. */
public final class SocketType<T> {
    /** A TCP socket. */
    public static final SocketType<Socket> SOCKET = new SocketType<>("Socket", () -> {
        Socket socket = new Socket();
        // The JDK makes the descriptor when it is first needed; asking for an option needs it.
        socket.getReuseAddress();
        return socket;
    });
    /** A listening TCP socket. */
    public static final SocketType<ServerSocket> SERVER_SOCKET = new SocketType<>("ServerSocket", () -> {
        ServerSocket socket = new ServerSocket();
        socket.getReuseAddress();
        return socket;
    });
    /** A UDP socket. */
    public static final SocketType<DatagramSocket> DATAGRAM_SOCKET =
            new SocketType<>("DatagramSocket", () -> new DatagramSocket(null));
    /** A TCP channel. */
    public static final SocketType<SocketChannel> SOCKET_CHANNEL =
            new SocketType<>("SocketChannel", SocketChannel::open);
    /** A listening TCP channel. */
    public static final SocketType<ServerSocketChannel> SERVER_SOCKET_CHANNEL =
            new SocketType<>("ServerSocketChannel", ServerSocketChannel::open);
    /** A UDP channel. */
    public static final SocketType<DatagramChannel> DATAGRAM_CHANNEL =
            new SocketType<>("DatagramChannel", DatagramChannel::open);

    private interface Opener<T> {
        T open() throws IOException;
    }

    private final String name;
    private final Opener<T> opener;

    private SocketType(String name, Opener<T> opener) {
        this.name = name;
        this.opener = opener;
    }

    /** Opens one as the JDK does. */
    public T open() throws IOException {
        return opener.open();
    }

    /** Returns the JDK's name of it. */
    @Override
    public String toString() {
        return name;
    }
}
