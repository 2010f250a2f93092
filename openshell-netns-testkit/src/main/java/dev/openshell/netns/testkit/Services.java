package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.packet.Ip;
import java.net.Socket;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * What answers at addresses outside of a {@link FakeKernel}'s machine, and at its host's own where no socket is bound.
 * A port without a service is refused there.
 *
 * <pre>{@code
 * kernel.services().tcp("203.0.113.10", 443, connection -> connection.getOutputStream().write(greeting));
 * kernel.services().udp("10.43.0.10", 53, query -> Optional.of(answer));
 * }</pre>
 *
 * @since 0.1
 */
public final class Services {
    /** Serves connections. */
    @FunctionalInterface
    public interface Tcp {
        /**
         * Serves one connection, on a thread of its own. It is closed when this returns, and reset when this throws.
         *
         * @throws Exception as the body likes
         */
        void serve(Socket connection) throws Exception;
    }

    private record Where(Ip ip, int port) {}

    private final Map<Where, Tcp> tcp = new ConcurrentHashMap<>();
    private final Map<Where, Function<byte[], Optional<byte[]>>> udp = new ConcurrentHashMap<>();

    Services() {}

    /** Serves TCP at a literal address, in place of what did before. */
    public void tcp(String address, int port, Tcp service) {
        tcp.put(where(address, port), Objects.requireNonNull(service, "service"));
    }

    /** Serves UDP at a literal address, in place of what did before: an answer to each datagram, or none. */
    public void udp(String address, int port, Function<byte[], Optional<byte[]>> service) {
        udp.put(where(address, port), Objects.requireNonNull(service, "service"));
    }

    private static Where where(String address, int port) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is not 1 to 65535");
        }
        return new Where(Ip.parse(address), port);
    }

    Optional<Tcp> tcp(Ip ip, int port) {
        return Optional.ofNullable(tcp.get(new Where(ip, port)));
    }

    Optional<Function<byte[], Optional<byte[]>>> udp(Ip ip, int port) {
        return Optional.ofNullable(udp.get(new Where(ip, port)));
    }
}
