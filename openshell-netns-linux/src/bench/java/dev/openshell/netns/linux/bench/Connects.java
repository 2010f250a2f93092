package dev.openshell.netns.linux.bench;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.SocketType;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** The time of a TCP connect from a sandbox, through the pod's forwarding and masquerading, to a host. */
final class Connects implements AutoCloseable {
    private static final int WARM_UP = 500;
    private static final int CONNECTS = 1000;

    private final InetSocketAddress host = new InetSocketAddress(Pod.HOST, 443);
    private final ServerSocketChannel listener;

    Connects(Kernel kernel, Pod pod) throws Exception {
        listener = kernel.openSocket(pod.uplink(), SocketType.SERVER_SOCKET_CHANNEL);
        listener.bind(host);
        Thread thread = new Thread(this::accept, "accept");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                listener.accept().close();
            }
        } catch (IOException closed) {
            // The listener is closed: this is over.
            return;
        }
    }

    /** Returns the microseconds of each connect from {@code sandbox}, which must not be limited in connections. */
    double[] measure(NetnsSandbox sandbox) throws Exception {
        return sandbox.call(() -> {
            double[] micros = new double[CONNECTS];
            for (int i = -WARM_UP; i < CONNECTS; i++) {
                double one = connect();
                if (i >= 0) {
                    micros[i] = one;
                }
            }
            return micros;
        });
    }

    private double connect() throws IOException {
        try (SocketChannel channel = SocketChannel.open()) {
            // Gone at once: no connection of the past is in the way of the next one.
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            long start = System.nanoTime();
            channel.connect(host);
            return (System.nanoTime() - start) / 1e3;
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
