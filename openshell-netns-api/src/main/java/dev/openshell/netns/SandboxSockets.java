package dev.openshell.netns;

import java.io.IOException;
import java.net.DatagramSocket;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import javax.net.ServerSocketFactory;
import javax.net.SocketFactory;

/**
 * Opens sockets that live in a sandbox. They stay in it on whatever thread they are used, and pin it until they are
 * closed; after the sandbox's {@code close()} nothing passes through them.
 *
 * <p>Host names handed to {@link #socketFactory()} are those that the policy lists, and literal addresses: any other
 * name is an {@link java.net.UnknownHostException}. An {@code InetSocketAddress} made by the caller was resolved by the
 * JVM, outside the sandbox.
 *
 * @since 0.1
 */
public interface SandboxSockets {
    /** Returns a factory of TCP sockets. */
    SocketFactory socketFactory();

    /** Returns a factory of listening TCP sockets. */
    ServerSocketFactory serverSocketFactory();

    /** Returns an unconnected TCP channel in blocking mode. */
    SocketChannel openSocketChannel() throws IOException;

    /** Returns an unbound listening TCP channel in blocking mode. */
    ServerSocketChannel openServerSocketChannel() throws IOException;

    /** Returns an unbound UDP channel in blocking mode. */
    DatagramChannel openDatagramChannel() throws IOException;

    /** Returns an unbound UDP socket. */
    DatagramSocket openDatagramSocket() throws IOException;
}
