package dev.openshell.netns.linux.demo;

import com.google.common.net.InetAddresses;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The servers of the demo's world, each opened in the namespace it belongs to, all served by one thread. */
final class Services implements Closeable {
    private static final System.Logger LOG = System.getLogger("dev.openshell.netns");
    private static final int MAX_MESSAGE = 65_535;

    /** What is done when a channel is ready. */
    private interface Handler {
        void ready() throws IOException;
    }

    /** What is said to a datagram. */
    private interface Reply {
        Optional<byte[]> to(byte[] datagram);
    }

    private final Selector selector;
    private final Thread thread;
    private volatile boolean closed;

    Services() throws IOException {
        selector = Selector.open();
        thread = new Thread(this::serve, "openshell-netns-demo");
        thread.setDaemon(true);
        thread.start();
    }

    /** Returns what the server at this address and port tells whoever reaches it. */
    static byte[] greeting(String address, int port) {
        return ("this is " + address + " port " + port + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** Opens a TCP server that greets and hangs up. */
    void greet(Place place, String address, int port) throws Exception {
        listen(place, address, port, connection -> {
            try (connection) {
                connection.write(ByteBuffer.wrap(greeting(address, port)));
            }
        });
    }

    /** Opens a UDP server that answers each datagram with a greeting. */
    void answer(Place place, String address, int port) throws Exception {
        datagrams(place, address, port, datagram -> Optional.of(greeting(address, port)));
    }

    /** Opens a DNS server, UDP and TCP on port 53. */
    void resolve(Place place, String address, DnsResponder responder) throws Exception {
        datagrams(place, address, Probes.DNS_PORT, responder::answer);
        listen(place, address, Probes.DNS_PORT, connection -> {
            ByteBuffer in = ByteBuffer.allocate(2 + MAX_MESSAGE);
            connection.configureBlocking(false);
            serve(connection, SelectionKey.OP_READ, () -> resolve(connection, in, responder));
        });
    }

    /** Reads a length and that many bytes (RFC 1035 section 4.2.2), answers and hangs up. */
    private static void resolve(SocketChannel connection, ByteBuffer in, DnsResponder responder) throws IOException {
        boolean ended = connection.read(in) < 0;
        boolean complete = in.position() >= 2 && in.position() >= 2 + (in.getShort(0) & 0xffff);
        if (!ended && !complete) {
            return;
        }
        try (connection) {
            if (complete) {
                byte[] query = new byte[in.getShort(0) & 0xffff];
                in.get(2, query);
                byte[] reply = responder.answer(query).orElse(new byte[0]);
                ByteBuffer out = ByteBuffer.allocate(2 + reply.length);
                connection.write(out.putShort((short) reply.length).put(reply).flip());
            }
        }
    }

    private interface Accepted {
        void take(SocketChannel connection) throws IOException;
    }

    private void listen(Place place, String address, int port, Accepted accepted) throws Exception {
        ServerSocketChannel server = place.call(() -> ServerSocketChannel.open(StandardProtocolFamily.INET));
        start(server, () -> server.bind(socketAddress(address, port)), SelectionKey.OP_ACCEPT, () -> {
            SocketChannel connection = server.accept();
            if (connection != null) {
                accepted.take(connection);
            }
        });
    }

    private void datagrams(Place place, String address, int port, Reply reply) throws Exception {
        DatagramChannel channel = place.call(() -> DatagramChannel.open(StandardProtocolFamily.INET));
        start(channel, () -> channel.bind(socketAddress(address, port)), SelectionKey.OP_READ, () -> {
            ByteBuffer in = ByteBuffer.allocate(MAX_MESSAGE);
            SocketAddress from = channel.receive(in);
            if (from != null) {
                byte[] datagram = new byte[in.flip().remaining()];
                in.get(datagram);
                Optional<byte[]> answer = reply.to(datagram);
                if (answer.isPresent()) {
                    channel.send(ByteBuffer.wrap(answer.get()), from);
                }
            }
        });
    }

    private void start(SelectableChannel channel, Handler bind, int operation, Handler handler) throws IOException {
        try {
            bind.ready();
            channel.configureBlocking(false);
            serve(channel, operation, handler);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private void serve(SelectableChannel channel, int operation, Handler handler) throws IOException {
        channel.register(selector, operation, handler);
        selector.wakeup();
    }

    private void serve() {
        while (!closed) {
            try {
                selector.select(key -> {
                    try {
                        ((Handler) key.attachment()).ready();
                    } catch (IOException e) {
                        // A client that went away takes its connection along, not the server.
                        LOG.log(Level.DEBUG, "demo: a client of {0} failed: {1}", key.channel(), e);
                    }
                });
            } catch (IOException e) {
                LOG.log(Level.WARNING, "demo: its servers end", e);
                return;
            }
        }
    }

    static InetSocketAddress socketAddress(String address, int port) {
        return new InetSocketAddress(InetAddresses.forString(address), port);
    }

    @Override
    public void close() throws IOException {
        closed = true;
        selector.wakeup();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        List<SelectableChannel> channels = new ArrayList<>();
        selector.keys().forEach(key -> channels.add(key.channel()));
        // The selector last: channels that are registered keep their descriptors until it lets go of them.
        for (SelectableChannel channel : channels) {
            channel.close();
        }
        selector.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
