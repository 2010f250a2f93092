package dev.openshell.netns.linux.kernel;

import com.sun.jna.NativeLong;
import com.sun.jna.ptr.IntByReference;
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
    /** NFNL_MSG_BATCH_BEGIN and NFNL_MSG_BATCH_END. */
    private static final Set<Integer> BATCH = Set.of(16, 17);

    private static final int SOCKADDR_NL = 12;
    private static final int RECEIVE_SECONDS = 10;

    private final int protocol;
    private final int socket;
    private final byte[] buffer = new byte[1 << 16];
    private boolean spent;

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
     * Sends {@code request} and returns all answers. After a failure there may be some left to come: the socket is of no
     * use any more.
     */
    byte[] exchange(byte[] request) {
        byte[] kernel = address();
        Libc.sendto(socket, request, new NativeLong(request.length), 0, kernel, kernel.length);
        ByteArrayOutputStream answers = new ByteArrayOutputStream();
        Set<Integer> left = expected(request);
        while (!left.isEmpty() && !spent) {
            byte[] sender = new byte[SOCKADDR_NL];
            int length = Libc.recvfrom(
                            socket, buffer, new NativeLong(buffer.length), 0, sender, new IntByReference(sender.length))
                    .intValue();
            boolean fromKernel =
                    ByteBuffer.wrap(sender).order(ByteOrder.nativeOrder()).getInt(4) == 0;
            if (fromKernel) {
                answers.write(buffer, 0, length);
                Set<Integer> finished = finished(buffer, length);
                // An error about what marks a batch off is the only answer to all of it.
                spent = !left.containsAll(finished);
                left.removeAll(finished);
            }
        }
        return answers.toByteArray();
    }

    /** Returns whether answers may be left to come that are to no later request. */
    boolean isSpent() {
        return spent;
    }

    @Override
    public void close() {
        Libc.close(socket);
    }

    /** Returns the sequence numbers of the messages that are answered: all but what marks a batch off. */
    private Set<Integer> expected(byte[] request) {
        return sequences(request, request.length, type -> protocol != Libc.NETLINK_NETFILTER || !BATCH.contains(type));
    }

    /** Returns those of the messages that end an answer: an acknowledgement, an error, the end of a dump. */
    private static Set<Integer> finished(byte[] answers, int length) {
        return sequences(answers, length, type -> type == NLMSG_ERROR || type == NLMSG_DONE);
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
