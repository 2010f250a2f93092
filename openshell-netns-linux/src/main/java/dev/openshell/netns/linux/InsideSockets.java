package dev.openshell.netns.linux;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.SandboxSockets;
import dev.openshell.netns.linux.kernel.SocketType;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ServerSocketFactory;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/** Sockets that are opened inside a sandbox and used anywhere. */
final class InsideSockets implements SandboxSockets {
    /** Opens sockets inside. */
    interface Opener {
        <T> T open(SocketType<T> type) throws IOException;
    }

    private final Opener opener;
    private final Map<String, List<InetAddress>> hosts;

    InsideSockets(Opener opener, Map<String, List<InetAddress>> hosts) {
        this.opener = opener;
        this.hosts = hosts;
    }

    @Override
    public SocketFactory socketFactory() {
        return new InsideSocketFactory();
    }

    @Override
    public ServerSocketFactory serverSocketFactory() {
        return new InsideServerSocketFactory();
    }

    @Override
    public SocketChannel openSocketChannel() throws IOException {
        return open(SocketType.SOCKET_CHANNEL);
    }

    @Override
    public ServerSocketChannel openServerSocketChannel() throws IOException {
        return open(SocketType.SERVER_SOCKET_CHANNEL);
    }

    @Override
    public DatagramChannel openDatagramChannel() throws IOException {
        return open(SocketType.DATAGRAM_CHANNEL);
    }

    @Override
    public DatagramSocket openDatagramSocket() throws IOException {
        return open(SocketType.DATAGRAM_SOCKET);
    }

    private <T> T open(SocketType<T> type) throws IOException {
        return opener.open(type);
    }

    private Socket newSocket() throws IOException {
        return open(SocketType.SOCKET);
    }

    private ServerSocket newServerSocket() throws IOException {
        return open(SocketType.SERVER_SOCKET);
    }

    private List<InetAddress> addresses(String host) throws UnknownHostException {
        if (InetAddresses.isInetAddress(host)) {
            return List.of(InetAddresses.forString(host));
        }
        List<InetAddress> addresses = hosts.get(host.toLowerCase(Locale.ROOT));
        if (addresses == null) {
            throw new UnknownHostException(host + ": not listed in the sandbox's policy");
        }
        return addresses;
    }

    private final class InsideSocketFactory extends SocketFactory {
        @Override
        public Socket createSocket() throws IOException {
            return newSocket();
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            return connect(addresses(host), port, null);
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
            return connect(addresses(host), port, new InetSocketAddress(local, localPort));
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return connect(List.of(host), port, null);
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
            return connect(List.of(host), port, new InetSocketAddress(local, localPort));
        }

        private Socket connect(List<InetAddress> addresses, int port, @Nullable InetSocketAddress local)
                throws IOException {
            IOException failure = new UnknownHostException("no address");
            for (InetAddress address : addresses) {
                Socket socket = newSocket();
                try {
                    if (local != null) {
                        socket.bind(local);
                    }
                    socket.connect(new InetSocketAddress(address, port));
                    return socket;
                } catch (IOException e) {
                    socket.close();
                    e.addSuppressed(failure);
                    failure = e;
                }
            }
            throw failure;
        }
    }

    private final class InsideServerSocketFactory extends ServerSocketFactory {
        @Override
        public ServerSocket createServerSocket() throws IOException {
            return newServerSocket();
        }

        @Override
        public ServerSocket createServerSocket(int port) throws IOException {
            return createServerSocket(port, 0, null);
        }

        @Override
        public ServerSocket createServerSocket(int port, int backlog) throws IOException {
            return createServerSocket(port, backlog, null);
        }

        @Override
        public ServerSocket createServerSocket(int port, int backlog, @Nullable InetAddress address)
                throws IOException {
            ServerSocket socket = newServerSocket();
            try {
                socket.bind(new InetSocketAddress(address, port), backlog);
                return socket;
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        }
    }
}
