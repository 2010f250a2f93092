package dev.openshell.netns.linux.kernel;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import com.sun.jna.ptr.IntByReference;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;

/** A netlink socket of the namespace of the thread that opened it (netlink(7)), of use from anywhere. */
final class NetlinkSocket implements AutoCloseable {
    static final int NLMSG_ERROR = 2;

    private static final int HEADER = 16;
    private static final int NLMSG_DONE = 3;
    private static final int NFNL_MSG_BATCH_BEGIN = 16;

    private static final int SOCKADDR_NL = 12;
    private static final int RECEIVE_SECONDS = 10;
    /** What fits into any socket as it is. */
    private static final int SEND_ROOM = 1 << 16;

    private final int protocol;
    private final int socket;
    private final byte[] buffer = new byte[1 << 16];

    private NetlinkSocket(int protocol) {
        this.protocol = protocol;
        this.socket = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, protocol);
    }

    /** Returns a new one of {@code protocol}, such as NETLINK_ROUTE. */
    static NetlinkSocket open(int protocol) {
        NetlinkSocket opened = new NetlinkSocket(protocol);
        boolean done = false;
        try {
            opened.setUp();
            done = true;
            return opened;
        } finally {
            if (!done) {
                opened.close();
            }
        }
    }

    private void setUp() {
        setOption(Libc.SOL_NETLINK, Libc.NETLINK_EXT_ACK, one());
        setOption(Libc.SOL_NETLINK, Libc.NETLINK_GET_STRICT_CHK, one());
        setOption(Libc.SOL_SOCKET, Libc.SO_RCVTIMEO, seconds(RECEIVE_SECONDS));
        byte[] kernel = address();
        Libc.bind(socket, kernel, kernel.length);
    }

    /** Does one exchange over a socket of its own in the calling thread's namespace. */
    static byte[] exchange(int protocol, byte[] request) {
        try (NetlinkSocket socket = open(protocol)) {
            return socket.exchange(request);
        }
    }

    /**
     * Sends {@code request} and returns all answers. Each message is taken to get one, but for a batch: there it depends
     * on its fate, and Linux has put all of them on the socket by the time it is sent. After a failure there may be some
     * left to come: the socket is of no use any more.
     */
    synchronized byte[] exchange(byte[] request) {
        if (request.length > SEND_ROOM) {
            // Counted with what the kernel adds to each.
            setOption(Libc.SOL_SOCKET, Libc.SO_SNDBUFFORCE, number(2 * request.length));
        }
        byte[] kernel = address();
        Libc.sendto(socket, request, new NativeLong(request.length), 0, kernel, kernel.length);
        boolean batch = protocol == Libc.NETLINK_NETFILTER && type(request) == NFNL_MSG_BATCH_BEGIN;
        return batch ? waiting() : answers(sequences(request, request.length, type -> true));
    }

    private byte[] answers(Set<Integer> left) {
        ByteArrayOutputStream answers = new ByteArrayOutputStream();
        while (!left.isEmpty()) {
            int length = receive(0);
            answers.write(buffer, 0, length);
            left.removeAll(sequences(buffer, length, type -> type == NLMSG_ERROR || type == NLMSG_DONE));
        }
        return answers.toByteArray();
    }

    private byte[] waiting() {
        ByteArrayOutputStream answers = new ByteArrayOutputStream();
        try {
            while (true) {
                answers.write(buffer, 0, receive(Libc.MSG_DONTWAIT));
            }
        } catch (LastErrorException e) {
            if (e.getErrorCode() != Errno.EAGAIN) {
                throw e;
            }
            return answers.toByteArray();
        }
    }

    /** Receives from the kernel into the buffer: what others send is not looked at. */
    private int receive(int flags) {
        byte[] sender = new byte[SOCKADDR_NL];
        int length;
        do {
            IntByReference size = new IntByReference(sender.length);
            length = Libc.recvfrom(socket, buffer, new NativeLong(buffer.length), flags, sender, size)
                    .intValue();
        } while (ByteBuffer.wrap(sender).order(ByteOrder.nativeOrder()).getInt(4) != 0);
        return length;
    }

    int descriptor() {
        return socket;
    }

    @Override
    public void close() {
        Libc.close(socket);
    }

    private static int type(byte[] request) {
        return ByteBuffer.wrap(request).order(ByteOrder.nativeOrder()).getShort(4) & 0xffff;
    }

    private interface Which {
        boolean test(int type);
    }

    private static Set<Integer> sequences(byte[] bytes, int length, Which which) {
        ByteBuffer in = ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.nativeOrder());
        Set<Integer> sequences = new HashSet<>();
        for (int at = 0; at + HEADER <= length; ) {
            if (which.test(in.getShort(at + 4) & 0xffff)) {
                sequences.add(in.getInt(at + 8));
            }
            int size = in.getInt(at);
            if (size < HEADER) {
                throw new KernelException(0, "netlink message of " + size + " bytes", "report this");
            }
            at += size + 3 & ~3;
        }
        return sequences;
    }

    /** Port id 0: the kernel chooses. As a destination it is the kernel. */
    private static byte[] address() {
        return ByteBuffer.allocate(SOCKADDR_NL)
                .order(ByteOrder.nativeOrder())
                .putShort((short) Libc.AF_NETLINK)
                .array();
    }

    private void setOption(int level, int name, byte[] value) {
        Libc.setsockopt(socket, level, name, value, value.length);
    }

    private static byte[] one() {
        return number(1);
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array();
    }

    /** A struct timeval of two 64-bit fields. */
    private static byte[] seconds(long seconds) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.nativeOrder())
                .putLong(seconds)
                .array();
    }
}
