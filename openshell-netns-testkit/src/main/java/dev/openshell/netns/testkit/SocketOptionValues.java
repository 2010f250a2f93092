package dev.openshell.netns.testkit;

import java.net.SocketOption;
import java.net.SocketOptions;
import java.net.StandardSocketOptions;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The options of a socket. None but the time-out means anything here; the others are kept and given back. */
final class SocketOptionValues {
    static final Set<SocketOption<?>> TCP = Set.of(
            StandardSocketOptions.SO_RCVBUF,
            StandardSocketOptions.SO_SNDBUF,
            StandardSocketOptions.SO_REUSEADDR,
            StandardSocketOptions.SO_REUSEPORT,
            StandardSocketOptions.SO_KEEPALIVE,
            StandardSocketOptions.SO_LINGER,
            StandardSocketOptions.TCP_NODELAY,
            StandardSocketOptions.IP_TOS);
    static final Set<SocketOption<?>> UDP = Set.of(
            StandardSocketOptions.SO_RCVBUF,
            StandardSocketOptions.SO_SNDBUF,
            StandardSocketOptions.SO_REUSEADDR,
            StandardSocketOptions.SO_REUSEPORT,
            StandardSocketOptions.SO_BROADCAST,
            StandardSocketOptions.IP_TOS,
            StandardSocketOptions.IP_MULTICAST_IF,
            StandardSocketOptions.IP_MULTICAST_TTL,
            StandardSocketOptions.IP_MULTICAST_LOOP);
    private static final Map<Integer, Object> DEFAULTS = Map.of(
            SocketOptions.SO_TIMEOUT, 0,
            SocketOptions.SO_SNDBUF, 65536,
            SocketOptions.SO_RCVBUF, 65536,
            SocketOptions.IP_TOS, 0);

    private final Set<SocketOption<?>> known;
    private final Map<Object, Object> values = new ConcurrentHashMap<>();

    /** Makes those of a socket that has {@code known}. */
    SocketOptionValues(Set<SocketOption<?>> known) {
        this.known = known;
    }

    /** Sets the option of this number of {@link SocketOptions}. */
    void set(int option, @Nullable Object value) {
        values.put(option, value == null ? Boolean.FALSE : value);
    }

    Object get(int option) {
        return values.getOrDefault(option, DEFAULTS.getOrDefault(option, Boolean.FALSE));
    }

    /** Returns SO_TIMEOUT. */
    int timeout() {
        return (Integer) get(SocketOptions.SO_TIMEOUT);
    }

    void set(SocketOption<?> option, Object value) {
        requireKnown(option);
        values.put(option, value);
    }

    private void requireKnown(SocketOption<?> option) {
        if (!known.contains(option)) {
            throw new UnsupportedOperationException(option + " is not available on the fake");
        }
    }

    /** Returns its value, null where none was set. */
    <T> @Nullable T get(SocketOption<T> option) {
        requireKnown(option);
        Object value = values.get(option);
        if (value == null && option.type() == Boolean.class) {
            value = Boolean.FALSE;
        }
        return option.type().cast(value == null && option.type() == Integer.class ? (Object) 0 : value);
    }
}
