package dev.openshell.netns.linux.demo;

import com.sun.jna.LastErrorException;
import com.sun.jna.NativeLong;
import com.sun.jna.ptr.IntByReference;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.sys.Libc;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** Sees every IP packet that comes in on one interface, before any rule does (packet(7)). */
final class Capture implements Closeable {
    private static final int AF_PACKET = 17;
    private static final int SOCK_DGRAM = 2;
    private static final int ETH_P_ALL = 3;
    private static final int SOCKADDR_LL = 20;
    private static final int PACKET_TYPE = 10;
    private static final byte PACKET_OUTGOING = 4;
    private static final int SNAP_LENGTH = 256;
    private static final int TURN_MICROSECONDS = 20_000;
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final int socket;

    private Capture(int socket) {
        this.socket = socket;
    }

    /** Starts capturing on the interface of index {@code index} in {@code place}. */
    static Capture open(Place place, int index) throws Exception {
        // Protocol 0 until it is bound: nothing of other interfaces gets in.
        Capture capture = new Capture(place.call(() -> Libc.socket(AF_PACKET, SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0)));
        try {
            ByteBuffer turn = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
            byte[] timeval = turn.putLong(0).putLong(TURN_MICROSECONDS).array();
            Libc.setsockopt(capture.socket, Libc.SOL_SOCKET, Libc.SO_RCVTIMEO, timeval, timeval.length);
            ByteBuffer address = ByteBuffer.allocate(SOCKADDR_LL).order(ByteOrder.nativeOrder());
            address.putShort((short) AF_PACKET)
                    .put((byte) 0)
                    .put((byte) ETH_P_ALL)
                    .putInt(index);
            Libc.bind(capture.socket, address.array(), SOCKADDR_LL);
            return capture;
        } catch (LastErrorException e) {
            capture.close();
            throw e;
        }
    }

    /**
     * Returns all that came in since the last call and before {@code mark}, a packet that is on its way.
     *
     * @throws NetnsException when {@code mark} does not come
     */
    Set<Packet> until(Packet mark) {
        Deadline deadline = Deadline.in(PATIENCE);
        Set<Packet> seen = new HashSet<>();
        while (!seen.contains(mark)) {
            deadline.check("capture what leaves the pod", "packet socket");
            receive(seen);
        }
        return seen;
    }

    private void receive(Set<Packet> seen) {
        byte[] packet = new byte[SNAP_LENGTH];
        byte[] from = new byte[SOCKADDR_LL];
        try {
            int length = Libc.recvfrom(
                            socket, packet, new NativeLong(packet.length), 0, from, new IntByReference(from.length))
                    .intValue();
            if (from[PACKET_TYPE] != PACKET_OUTGOING) {
                Packet.parse(Arrays.copyOf(packet, length)).ifPresent(seen::add);
            }
        } catch (LastErrorException e) {
            boolean nothingYet = e.getErrorCode() == Errno.EAGAIN || e.getErrorCode() == Errno.EINTR;
            if (!nothingYet) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        Libc.close(socket);
    }
}
