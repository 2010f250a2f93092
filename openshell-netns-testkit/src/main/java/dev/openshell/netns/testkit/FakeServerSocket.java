package dev.openshell.netns.testkit;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;

/** A listening socket of the JDK's over a {@link FakeTcp}. */
final class FakeServerSocket extends ServerSocket {
    private final FakeTcp impl;

    FakeServerSocket(FakeTcp impl) {
        super(impl);
        this.impl = impl;
    }

    @Override
    public Socket accept() throws IOException {
        if (isClosed()) {
            throw new SocketException("Socket is closed");
        }
        if (!isBound()) {
            throw new SocketException("Socket is not bound yet");
        }
        return FakeSocket.connected(impl.accepted());
    }
}
