package dev.openshell.netns.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketImpl;

/** A TCP socket without urgent data. */
abstract class StreamSocketImpl extends SocketImpl {
    @Override
    protected void create(boolean stream) {}

    @Override
    protected void connect(String host, int to) throws IOException {
        connect(new InetSocketAddress(host, to), 0);
    }

    @Override
    protected void connect(InetAddress host, int to) throws IOException {
        connect(new InetSocketAddress(host, to), 0);
    }

    @Override
    protected void accept(SocketImpl other) {
        throw new UnsupportedOperationException("accept() of FakeServerSocket makes the socket");
    }

    @Override
    protected void sendUrgentData(int data) {
        throw new UnsupportedOperationException("urgent data is not available on the fake");
    }

    @Override
    protected boolean supportsUrgentData() {
        return false;
    }
}
