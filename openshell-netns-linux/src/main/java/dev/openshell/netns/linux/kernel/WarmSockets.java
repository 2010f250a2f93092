package dev.openshell.netns.linux.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;

/** Makes the JDK's socket classes start the threads they share before any of it runs inside. */
final class WarmSockets {
    private static final boolean DONE = load();

    private WarmSockets() {}

    static void up() {
        if (!DONE) {
            throw new IllegalStateException("the JDK's sockets did not load");
        }
    }

    private static boolean load() {
        try (Socket socket = new Socket();
                ServerSocket server = new ServerSocket();
                DatagramSocket datagram = new DatagramSocket(null)) {
            return !socket.getReuseAddress() | !server.getReuseAddress() | !datagram.isClosed();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
