package dev.openshell.netns.linux.kernel;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import com.sun.jna.ptr.IntByReference;
import dev.openshell.netns.linux.sys.Libc;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One exchange over a netlink socket of the calling thread's namespace (netlink(7)). */
final class NetlinkSocket {
    private static final int HEADER = 16;
    static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int SOCKADDR_NL = 12;
    private static final int RECEIVE_SECONDS = 10;

    private NetlinkSocket() {}

    /** Sends {@code request} to the kernel's {@code protocol}, such as NETLINK_ROUTE, and returns all answers. */
    static byte[] exchange(int protocol, byte[] request) {
        int socket = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, protocol);
        try {
            setOption(socket, Libc.SOL_NETLINK, Libc.NETLINK_EXT_ACK, one());
            setOption(socket, Libc.SOL_NETLINK, Libc.NETLINK_GET_STRICT_CHK, one());
            setOption(socket, Libc.SOL_SOCKET, Libc.SO_RCVTIMEO, seconds(RECEIVE_SECONDS));
            byte[] kernel = address();
            Libc.bind(socket, kernel, kernel.length);
            Libc.sendto(socket, request, new NativeLong(request.length), 0, kernel, kernel.length);
            return receive(socket, count(request, request.length, false));
        } finally {
            Libc.close(socket);
        }
    }

    private static byte[] receive(int socket, int expected) {
        ByteArrayOutputStream answers = new ByteArrayOutputStream();
        byte[] buffer = new byte[1 << 16];
        int finished = 0;
        while (finished < expected) {
            byte[] sender = new byte[SOCKADDR_NL];
            int length = Libc.recvfrom(
                            socket, buffer, new NativeLong(buffer.length), 0, sender, new IntByReference(sender.length))
                    .intValue();
            boolean fromKernel =
                    ByteBuffer.wrap(sender).order(ByteOrder.nativeOrder()).getInt(4) == 0;
            if (fromKernel) {
                answers.write(buffer, 0, length);
                finished += count(buffer, length, true);
            }
        }
        return answers.toByteArray();
    }

    /** Counts messages, or only those that end an answer: an acknowledgement, an error, the end of a dump. */
    private static int count(byte[] bytes, int length, boolean onlyLast) {
        ByteBuffer in = ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.nativeOrder());
        int count = 0;
        for (int at = 0; at + HEADER <= length; ) {
            int type = in.getShort(at + 4) & 0xffff;
            if (!onlyLast || type == NLMSG_ERROR || type == NLMSG_DONE) {
                count++;
            }
            int size = in.getInt(at);
            if (size < HEADER) {
                throw new KernelException(0, "netlink message of " + size + " bytes", "report this");
            }
            at += size + 3 & ~3;
        }
        return count;
    }

    /** Port id 0: the kernel chooses. As a destination it is the kernel. */
    private static byte[] address() {
        return ByteBuffer.allocate(SOCKADDR_NL)
                .order(ByteOrder.nativeOrder())
                .putShort((short) Libc.AF_NETLINK)
                .array();
    }

    private static void setOption(int socket, int level, int name, byte[] value) throws LastErrorException {
        Libc.setsockopt(socket, level, name, value, value.length);
    }

    private static byte[] one() {
        return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(1).array();
    }

    /** A struct timeval of two 64-bit fields. */
    private static byte[] seconds(long seconds) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.nativeOrder())
                .putLong(seconds)
                .array();
    }
}
