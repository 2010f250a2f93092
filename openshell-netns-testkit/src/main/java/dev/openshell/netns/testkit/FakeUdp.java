package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketOptions;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A UDP socket on a fake kernel. No real one is behind it. */
final class FakeUdp extends UnicastSocketImpl implements SocketTable.Open {
    private static final long LOOK_MILLIS = 50;

    private record Datagram(byte[] bytes, InetSocketAddress from) {}

    private record Peer(Ip ip, int port) {}

    private final Userland userland;
    private final Netns netns;
    private final SocketOptionValues options = new SocketOptionValues(SocketOptionValues.UDP);
    private final BlockingDeque<Datagram> received = new LinkedBlockingDeque<>();
    /** Guarded by the machine's monitor, as is what follows. */
    private SocketTable.@Nullable Port bound;

    private @Nullable Peer peer;
    private @Nullable SocketError pending;
    private volatile boolean closed;

    FakeUdp(Userland userland, Netns netns, Object owner) {
        this.userland = userland;
        this.netns = netns;
        synchronized (userland.machine) {
            userland.sockets.add(this, netns, owner);
        }
    }

    @Override
    protected void create() {}

    @Override
    protected void bind(int port, InetAddress address) throws SocketException {
        synchronized (userland.machine) {
            requireOpen();
            bound = userland.sockets.bind(this, netns, Header.UDP, SocketTable.bindable(Ip.of(address)), port);
            localPort = bound.number();
        }
    }

    @Override
    protected void connect(InetAddress address, int port) throws SocketException {
        synchronized (userland.machine) {
            userland.wire.source(netns, Ip.of(address));
            peer = new Peer(Ip.of(address), port);
            received.clear();
        }
    }

    @Override
    protected void disconnect() {
        synchronized (userland.machine) {
            peer = null;
            pending = null;
        }
    }

    @Override
    protected void send(DatagramPacket packet) throws IOException {
        InetSocketAddress to = (InetSocketAddress) packet.getSocketAddress();
        byte[] bytes =
                Arrays.copyOfRange(packet.getData(), packet.getOffset(), packet.getOffset() + packet.getLength());
        Optional<Runnable> outside;
        synchronized (userland.machine) {
            requireOpen();
            throwPending();
            outside = send(Ip.of(to.getAddress()), to.getPort(), bytes);
        }
        outside.ifPresent(Runnable::run);
    }

    /** Sends, and returns what is left to do where no lock is held. */
    private Optional<Runnable> send(Ip to, int port, byte[] bytes) throws IOException {
        Ip routed = userland.wire.source(netns, to);
        Ip source = bound == null || bound.ip() == null ? routed : bound.ip();
        if (source.family() != to.family()) {
            throw SocketError.ENETUNREACH.exception();
        }
        Place here = Place.inside(netns);
        Wire.Fate fate = userland.wire.send(here, Header.ports(source, localPort, to, port, Header.UDP, 0));
        if (fate.stoppedAtHome()) {
            fate.error().ifPresent(this::told);
            throw SocketError.EPERM.exception();
        }
        if (fate.at().isEmpty()) {
            fate.error().ifPresent(this::told);
            return Optional.empty();
        }
        return arrived(here, fate.at().get(), fate.header(), bytes);
    }

    private Optional<Runnable> arrived(Place here, Place there, Header header, byte[] bytes) {
        if (!there.outside()) {
            for (SocketTable.Open socket :
                    userland.sockets.at(there.netns(), Header.UDP, header.destination(), header.destinationPort())) {
                if (socket instanceof FakeUdp other && other.takes(header)) {
                    other.take(header, bytes);
                    return Optional.empty();
                }
            }
        }
        Optional<Function<byte[], Optional<byte[]>>> service =
                there.outside() || there.netns() == userland.machine.host()
                        ? userland.services.udp(header.destination(), header.destinationPort())
                        : Optional.empty();
        if (service.isEmpty()) {
            portUnreachable(here, there, header);
        }
        return service.map(answers -> () -> answers.apply(bytes).ifPresent(answer -> answered(there, header, answer)));
    }

    private void portUnreachable(Place here, Place there, Header refused) {
        boolean four = refused.family() == Family.IPV4;
        Header error = Header.icmp(refused.destination(), refused.source(), four ? 3 : 1, four ? 3 : 4, 0, refused);
        if (userland.wire.send(there, error).arrived(here)) {
            told(SocketError.ECONNREFUSED);
        }
    }

    private void answered(Place there, Header query, byte[] answer) {
        synchronized (userland.machine) {
            Wire.Fate fate = userland.wire.send(there, Wire.back(query, 0));
            if (fate.arrived(Place.inside(netns)) && !closed && takes(fate.header())) {
                take(fate.header(), answer);
            }
        }
    }

    /** Only a connected socket hears of errors. */
    private void told(SocketError error) {
        if (peer != null) {
            pending = error;
        }
    }

    private void throwPending() throws SocketException {
        SocketError error = pending;
        pending = null;
        if (error == SocketError.ECONNREFUSED) {
            throw new PortUnreachableException();
        }
        if (error != null) {
            throw error.exception();
        }
    }

    private boolean takes(Header header) {
        boolean address = bound == null || bound.ip() == null || bound.ip().equals(header.destination());
        return address
                && header.destinationPort() == localPort
                && (peer == null || peer.equals(new Peer(header.source(), header.sourcePort())));
    }

    private void take(Header header, byte[] bytes) {
        received.add(new Datagram(bytes, new InetSocketAddress(header.source().toInetAddress(), header.sourcePort())));
    }

    private void requireOpen() throws SocketException {
        if (closed) {
            throw new SocketException("Socket closed");
        }
    }

    private Datagram next() throws IOException {
        int timeout = options.timeout();
        long start = System.nanoTime();
        while (true) {
            long left = timeout == 0 ? LOOK_MILLIS : timeout - (System.nanoTime() - start) / 1_000_000;
            @Nullable Datagram datagram = poll(Math.max(0, Math.min(left, LOOK_MILLIS)));
            if (datagram != null) {
                return datagram;
            }
            synchronized (userland.machine) {
                requireOpen();
                throwPending();
            }
            if (left <= 0) {
                throw new SocketTimeoutException("Receive timed out");
            }
        }
    }

    private @Nullable Datagram poll(long millis) throws SocketException {
        try {
            return received.poll(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            throw new SocketException("Closed by interrupt");
        }
    }

    @Override
    protected void receive(DatagramPacket packet) throws IOException {
        fill(packet, next());
    }

    @Override
    protected int peekData(DatagramPacket packet) throws IOException {
        Datagram datagram = next();
        received.addFirst(datagram);
        fill(packet, datagram);
        return datagram.from().getPort();
    }

    /** What the packet's buffer does not hold is lost. */
    private static void fill(DatagramPacket packet, Datagram datagram) {
        int length = Math.min(datagram.bytes().length, packet.getData().length - packet.getOffset());
        length = Math.min(length, Math.max(packet.getLength(), 0));
        System.arraycopy(datagram.bytes(), 0, packet.getData(), packet.getOffset(), length);
        packet.setSocketAddress(datagram.from());
        packet.setLength(length);
    }

    @Override
    protected void close() {
        synchronized (userland.machine) {
            if (!closed) {
                closed = true;
                userland.sockets.remove(this);
            }
        }
    }

    @Override
    public void shut() {
        close();
    }

    @Override
    public void setOption(int option, Object value) throws SocketException {
        requireOpen();
        options.set(option, value);
    }

    @Override
    public Object getOption(int option) throws SocketException {
        requireOpen();
        return option == SocketOptions.SO_BINDADDR ? localAddress() : options.get(option);
    }

    private InetAddress localAddress() throws SocketException {
        synchronized (userland.machine) {
            if (bound != null && bound.ip() != null) {
                return bound.ip().toInetAddress();
            }
            return (peer == null ? Ip.parse("0.0.0.0") : userland.wire.source(netns, peer.ip())).toInetAddress();
        }
    }

    @Override
    protected <T> void setOption(SocketOption<T> option, T value) throws IOException {
        requireOpen();
        options.set(option, value);
    }

    @Override
    protected <T> @Nullable T getOption(SocketOption<T> option) throws IOException {
        requireOpen();
        return options.get(option);
    }

    @Override
    protected Set<SocketOption<?>> supportedOptions() {
        return SocketOptionValues.UDP;
    }
}
