package dev.openshell.netns.testkit.wire;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import dev.openshell.netns.Family;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.sys.Libc;
import dev.openshell.netns.testkit.packet.Header;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/** Sends whole packets from within a namespace (raw(7)), each user's by a socket of that user's. */
final class RawSenders {
    private record Key(Family family, int user) {}

    private final JnaKernel kernel;
    private final int namespace;
    private final Map<Key, Integer> sockets = new HashMap<>();

    RawSenders(JnaKernel kernel, int namespace) {
        this.kernel = kernel;
        this.namespace = namespace;
    }

    /** Opens the socket that {@link #send} will use, where it is not there yet. */
    void prepare(Family family, int user) throws Exception {
        Key key = new Key(family, user);
        if (!sockets.containsKey(key)) {
            sockets.put(key, kernel.call(namespace, () -> open(family, user)));
        }
    }

    private static int open(Family family, int user) {
        // The owner match looks at who opened the socket; the thread ends, nobody has to change back.
        Sockets.setfsgid(user);
        Sockets.setfsuid(user);
        int domain = family == Family.IPV4 ? Sockets.AF_INET : Sockets.AF_INET6;
        return Libc.socket(domain, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, Sockets.IPPROTO_RAW);
    }

    /** Sends {@code packet}; a rule that drops it makes that fail with EPERM, which says nothing new. */
    void send(Header header, int user, byte[] packet) {
        ByteBuffer address = ByteBuffer.allocate(header.family() == Family.IPV4 ? 16 : 28);
        address.order(ByteOrder.nativeOrder())
                .putShort((short) (header.family() == Family.IPV4 ? Sockets.AF_INET : Sockets.AF_INET6));
        address.position(header.family() == Family.IPV4 ? 4 : 8);
        address.put(header.destination().bytes());
        int fd = sockets.get(new Key(header.family(), user));
        try {
            Libc.sendto(fd, packet, new NativeLong(packet.length), 0, address.array(), address.capacity());
        } catch (LastErrorException e) {
            if (e.getErrorCode() != Errno.EPERM) {
                throw e;
            }
        }
    }

    void close() {
        sockets.values().forEach(Libc::close);
    }
}
