package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketOptions;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A TCP socket on a fake kernel, for connecting or for listening. No real one is behind it. */
final class FakeTcp extends StreamSocketImpl implements SocketTable.Open {
    private static final long LOOK_MILLIS = 50;

    private final Userland userland;
    private final @Nullable Netns netns;
    private final Object owner;
    private final SocketOptionValues options = new SocketOptionValues(SocketOptionValues.TCP);
    private final BlockingQueue<TcpEnd> backlog = new LinkedBlockingQueue<>();
    /** Guarded by the machine's monitor, as is what follows. */
    private SocketTable.@Nullable Port bound;

    private volatile @Nullable TcpEnd end;
    private volatile boolean listening;
    private volatile boolean closed;

    private FakeTcp(Userland userland, @Nullable Netns netns, Object owner, @Nullable TcpEnd end) {
        this.userland = userland;
        this.netns = netns;
        this.owner = owner;
        this.end = end;
        if (end != null) {
            address = end.peerIp().toInetAddress();
            port = end.peerPort();
            localport = end.port();
        }
        if (netns != null) {
            userland.sockets.add(this, netns, owner);
        }
    }

    /** Returns a new one in {@code netns}. */
    static FakeTcp open(Userland userland, Netns netns, Object owner) {
        synchronized (userland.machine) {
            return new FakeTcp(userland, netns, owner, null);
        }
    }

    /** Returns one that is a service's, in no namespace. */
    static FakeTcp of(Userland userland, TcpEnd end) {
        return new FakeTcp(userland, null, userland, end);
    }

    boolean listening() {
        return listening;
    }

    /** Takes a new connection up until somebody accepts it. */
    void connected(TcpEnd server) {
        backlog.add(server);
    }

    /** Returns the address of the other end. */
    InetSocketAddress peer() {
        return new InetSocketAddress(address, port);
    }

    /** Waits for a connection. */
    FakeTcp accepted() throws IOException {
        int timeout = options.timeout();
        long start = System.nanoTime();
        while (true) {
            long left = timeout == 0 ? LOOK_MILLIS : timeout - (System.nanoTime() - start) / 1_000_000;
            @Nullable TcpEnd taken = poll(Math.max(0, Math.min(left, LOOK_MILLIS)));
            synchronized (userland.machine) {
                if (closed || netns == null) {
                    if (taken != null) {
                        taken.abort();
                    }
                    throw new SocketException("Socket closed");
                }
                if (taken != null) {
                    return new FakeTcp(userland, netns, owner, taken);
                }
            }
            if (left <= 0) {
                throw new SocketTimeoutException("Accept timed out");
            }
        }
    }

    private @Nullable TcpEnd poll(long millis) throws SocketException {
        try {
            return backlog.poll(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private SocketException interrupted() {
        Thread.currentThread().interrupt();
        close();
        return new SocketException("Closed by interrupt");
    }

    /** Connects at once or not at all: what would wait for an answer fails as if it had waited. */
    @Override
    protected void connect(SocketAddress to, int timeout) throws IOException {
        if (end != null) {
            return;
        }
        InetSocketAddress destination = (InetSocketAddress) to;
        if (destination.isUnresolved()) {
            close();
            throw new UnknownHostException(destination.getHostName());
        }
        try {
            synchronized (userland.machine) {
                end = connect(Ip.of(destination.getAddress()), destination.getPort())
                        .orElseThrow(() -> timeout > 0
                                ? new SocketTimeoutException("Connect timed out")
                                : SocketError.ETIMEDOUT.exception());
            }
        } catch (IOException e) {
            close();
            throw e;
        }
        address = destination.getAddress();
        port = destination.getPort();
    }

    private Optional<TcpEnd> connect(Ip wanted, int to) throws IOException {
        Netns from = open();
        @Nullable Ip destination = SocketTable.bindable(wanted);
        if (destination == null) {
            destination = Ip.parse(wanted.family() == Family.IPV4 ? "127.0.0.1" : "::1");
        }
        Ip routed = userland.wire.source(from, destination);
        if (bound == null) {
            bound = userland.sockets.bind(this, from, Header.TCP, null, 0);
            localport = bound.number();
        }
        Ip source = bound.ip() == null ? routed : bound.ip();
        if (source.family() != destination.family()) {
            throw SocketError.ENETUNREACH.exception();
        }
        return TcpConnector.connect(userland, from, source, bound.number(), destination, to);
    }

    private Netns open() throws SocketException {
        if (closed || netns == null) {
            throw new SocketException("Socket closed");
        }
        return netns;
    }

    @Override
    protected void bind(InetAddress host, int wanted) throws IOException {
        synchronized (userland.machine) {
            bound = userland.sockets.bind(this, open(), Header.TCP, SocketTable.bindable(Ip.of(host)), wanted);
            localport = bound.number();
            address = host;
        }
    }

    @Override
    protected void listen(int length) throws IOException {
        open();
        listening = true;
    }

    private TcpEnd end() throws SocketException {
        TcpEnd connection = end;
        if (connection == null) {
            throw new SocketException("Socket is not connected");
        }
        if (closed) {
            throw new SocketException("Socket closed");
        }
        return connection;
    }

    int read(byte[] to, int offset, int length) throws IOException {
        TcpEnd connection = end();
        try {
            return connection.received().take(to, offset, length, options.timeout(), connection::stillThere);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    void write(byte[] bytes, int offset, int length) throws IOException {
        end().write(bytes, offset, length);
    }

    @Override
    protected InputStream getInputStream() {
        return new FakeTcpStreams.Input(this);
    }

    @Override
    protected OutputStream getOutputStream() {
        return new FakeTcpStreams.Output(this);
    }

    @Override
    protected int available() throws IOException {
        return end().received().available();
    }

    @Override
    protected void shutdownInput() throws IOException {
        end().received().end();
    }

    @Override
    protected void shutdownOutput() throws IOException {
        end().finish();
    }

    @Override
    protected void close() {
        synchronized (userland.machine) {
            if (closed) {
                return;
            }
            closed = true;
            listening = false;
            TcpEnd connection = end;
            if (connection != null) {
                connection.close();
            }
            for (TcpEnd waiting = backlog.poll(); waiting != null; waiting = backlog.poll()) {
                waiting.abort();
            }
            userland.sockets.remove(this);
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

    private void requireOpen() throws SocketException {
        if (closed) {
            throw new SocketException("Socket closed");
        }
    }

    private InetAddress localAddress() {
        TcpEnd connection = end;
        if (connection != null) {
            return connection.ip().toInetAddress();
        }
        synchronized (userland.machine) {
            @Nullable Ip ip = bound == null ? null : bound.ip();
            return (ip == null ? Ip.parse("0.0.0.0") : ip).toInetAddress();
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
        return SocketOptionValues.TCP;
    }
}
