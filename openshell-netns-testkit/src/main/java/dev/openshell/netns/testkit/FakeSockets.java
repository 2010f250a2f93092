package dev.openshell.netns.testkit;

import dev.openshell.netns.linux.kernel.SocketType;
import dev.openshell.netns.testkit.net.Netns;
import java.io.IOException;
import java.net.DatagramSocket;

/** Opens sockets of the JDK's whose packets go through a fake kernel and nowhere else. */
final class FakeSockets {
    private FakeSockets() {}

    /** Returns a new socket of {@code type} in {@code netns}, which closes when {@code owner} dies. */
    @SuppressWarnings("unchecked")
    static <T> T open(Userland userland, Netns netns, Object owner, SocketType<T> type) throws IOException {
        if (type == SocketType.SOCKET) {
            return (T) new FakeSocket(FakeTcp.open(userland, netns, owner));
        }
        if (type == SocketType.SERVER_SOCKET) {
            return (T) new FakeServerSocket(FakeTcp.open(userland, netns, owner));
        }
        if (type == SocketType.DATAGRAM_SOCKET) {
            return (T) new Datagrams(new FakeUdp(userland, netns, owner));
        }
        throw new UnsupportedOperationException(type + " is not available on the fake: channels are real sockets; use"
                + " socketFactory(), serverSocketFactory() or openDatagramSocket()");
    }

    /** Gives the constructor away that takes an implementation. */
    private static final class Datagrams extends DatagramSocket {
        Datagrams(FakeUdp impl) {
            super(impl);
        }
    }
}
