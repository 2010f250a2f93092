package dev.openshell.netns.testkit.wire;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Sends frames by the interfaces of one namespace and sees those that come in by any of them (packet(7)). */
final class PacketSocket {
    static final int ETHERNET = 14;
    private static final int ETH_P_ALL = 3;
    private static final int SOCKADDR_LL = 20;
    private static final int INDEX_AT = 4;
    private static final int BUFFER = 4 << 20;

    /** A frame, from its IP header on, and the index of the interface that it came in by. */
    record Frame(int index, int etherType, byte[] packet) {}

    private final int fd;
    private final byte[] bytes = new byte[2048];
    private final NativeLong room = new NativeLong(bytes.length);
    private final byte[] from = new byte[SOCKADDR_LL];

    /** Opens one in the calling thread's namespace. */
    PacketSocket() {
        fd = Libc.socket(Sockets.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
        boolean done = false;
        try {
            option(Sockets.SOL_PACKET, Sockets.PACKET_IGNORE_OUTGOING, 1);
            // A link that has just come up may get its queue a second later, and until then loses what is sent.
            option(Sockets.SOL_PACKET, Sockets.PACKET_QDISC_BYPASS, 1);
            option(Libc.SOL_SOCKET, Sockets.SO_RCVBUFFORCE, BUFFER);
            byte[] any = address(0);
            any[3] = ETH_P_ALL;
            Libc.bind(fd, any, any.length);
            done = true;
        } finally {
            if (!done) {
                close();
            }
        }
    }

    private void option(int level, int name, int value) {
        byte[] number = ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array();
        Libc.setsockopt(fd, level, name, number, number.length);
    }

    private static byte[] address(int index) {
        ByteBuffer address = ByteBuffer.allocate(SOCKADDR_LL).order(ByteOrder.nativeOrder());
        return address.putShort((short) Sockets.AF_PACKET)
                .putInt(INDEX_AT, index)
                .array();
    }

    void send(int index, byte[] frame) {
        long sent = Sockets.sendto(fd, frame, new NativeLong(frame.length), 0, address(index), SOCKADDR_LL)
                .longValue();
        if (sent != frame.length) {
            throw new IllegalStateException("send: errno " + Native.getLastError());
        }
    }

    /** Returns the next frame, null where there is none. */
    @Nullable
    Frame receive() {
        int length = Sockets.recvfrom(fd, bytes, room, Sockets.MSG_DONTWAIT, from, new int[] {SOCKADDR_LL})
                .intValue();
        if (length >= ETHERNET) {
            int etherType = (bytes[12] & 0xff) << 8 | bytes[13] & 0xff;
            int index = ByteBuffer.wrap(from).order(ByteOrder.nativeOrder()).getInt(INDEX_AT);
            return new Frame(index, etherType, Arrays.copyOfRange(bytes, ETHERNET, length));
        }
        int errno = Native.getLastError();
        if (length >= 0 || errno != Errno.EAGAIN && errno != Errno.EINTR) {
            throw new IllegalStateException("recv: " + length + ", errno " + errno);
        }
        return null;
    }

    /** Returns how many frames found no room since it was last asked. */
    int lost() {
        byte[] statistics = new byte[8];
        if (Sockets.getsockopt(fd, Sockets.SOL_PACKET, Sockets.PACKET_STATISTICS, statistics, new int[] {8}) < 0) {
            throw new IllegalStateException("getsockopt: errno " + Native.getLastError());
        }
        return ByteBuffer.wrap(statistics).order(ByteOrder.nativeOrder()).getInt(4);
    }

    void close() {
        Libc.close(fd);
    }
}
