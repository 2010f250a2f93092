package dev.openshell.netns.testkit.wire;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A netlink socket of the namespace that it was opened in. */
final class NetlinkSocket {
    private static final int NLMSG_ERROR = 2;
    private static final int BUFFER = 4 << 20;

    private final int fd;
    private final byte[] buffer = new byte[1 << 14];
    private final NativeLong room = new NativeLong(buffer.length);

    NetlinkSocket(int protocol) {
        fd = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, protocol);
        byte[] size = ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt(BUFFER)
                .array();
        Libc.setsockopt(fd, Libc.SOL_SOCKET, Sockets.SO_RCVBUFFORCE, size, size.length);
        byte[] address = new byte[12];
        ByteBuffer.wrap(address).order(ByteOrder.nativeOrder()).putShort((short) Libc.AF_NETLINK);
        Libc.bind(fd, address, address.length);
    }

    /** Sends {@code messages} at once; on return the kernel has dealt with them. */
    void request(List<NetlinkMessage> messages) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        messages.forEach(message -> all.writeBytes(message.toBytes()));
        byte[] bytes = all.toByteArray();
        if (Sockets.send(fd, bytes, new NativeLong(bytes.length), 0).intValue() != bytes.length) {
            throw new IllegalStateException("netlink send: errno " + Native.getLastError());
        }
        for (byte[] answer = receive(); answer != null; answer = receive()) {
            ByteBuffer in = ByteBuffer.wrap(answer).order(ByteOrder.nativeOrder());
            for (int at = 0; at + 16 <= answer.length; at += in.getInt(at) + 3 & ~3) {
                if (in.getShort(at + 4) == NLMSG_ERROR && in.getInt(at + 16) != 0) {
                    throw new IllegalStateException(
                            "netlink message " + in.getInt(at + 8) + ": errno " + -in.getInt(at + 16));
                }
            }
        }
    }

    /** Returns the next datagram, null where there is none. */
    byte @Nullable [] receive() {
        int length = Sockets.recv(fd, buffer, room, Sockets.MSG_DONTWAIT).intValue();
        if (length >= 0) {
            return Arrays.copyOf(buffer, length);
        }
        int errno = Native.getLastError();
        if (errno != Errno.EAGAIN && errno != Errno.EINTR) {
            throw new IllegalStateException("netlink recv: errno " + errno);
        }
        return null;
    }

    void close() {
        Libc.close(fd);
    }
}
