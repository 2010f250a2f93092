package dev.openshell.netns.testkit;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;

/** A socket of the JDK's over a {@link FakeTcp}. */
final class FakeSocket extends Socket {
    FakeSocket(FakeTcp impl) throws SocketException {
        super(impl);
    }

    /** Returns a socket over a connection that is there. */
    static FakeSocket connected(FakeTcp impl) throws IOException {
        FakeSocket socket = new FakeSocket(impl);
        socket.connect(impl.peer());
        return socket;
    }
}
