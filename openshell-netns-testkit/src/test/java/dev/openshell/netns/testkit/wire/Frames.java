package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Ethernet frames, and the marks that tell when all has been seen that one packet causes: a thread that is {@link
 * Pinned} has one queue for all that links hand on, so that marks sent after a packet come after it.
 */
final class Frames {
    /** A type for experiments (IEEE 802). */
    private static final int ETH_P_MARK = 0x88b5;
    /** More links than a packet, the answer to it, and the answer to that can cross. */
    private static final int CROSSINGS = 5;

    private static final int SHORTEST = 46;
    private static final long PATIENCE_NANOS = Duration.ofSeconds(5).toNanos();

    private Frames() {}

    /** Returns the frame that carries {@code packet} to the interface of address {@code mac}. */
    static byte[] of(Header header, byte[] packet, byte[] mac) {
        return of(header.family() == Family.IPV4 ? 0x0800 : 0x86dd, packet, mac);
    }

    private static byte[] of(int type, byte[] packet, byte[] mac) {
        return ByteBuffer.allocate(PacketSocket.ETHERNET + packet.length)
                .put(mac)
                .put(Wires.mac(Wires.FAR))
                .putShort((short) type)
                .put(packet)
                .array();
    }

    /** Hands over what arrives outside until everything that was on its way has got where it goes. */
    static void settle(Outside outside, Consumer<PacketSocket.Frame> frames) {
        byte[] mark = of(ETH_P_MARK, new byte[SHORTEST], Wires.mac(Wires.LO));
        for (int i = 0; i < CROSSINGS; i++) {
            outside.socket().send(Wires.LO, mark);
            long end = System.nanoTime() + PATIENCE_NANOS;
            for (boolean marked = false; !marked; ) {
                PacketSocket.Frame frame = outside.socket().receive();
                marked = frame != null && frame.index() == Wires.LO && frame.etherType() == ETH_P_MARK;
                if (frame != null && !marked) {
                    frames.accept(frame);
                } else if (!marked && System.nanoTime() - end > 0) {
                    throw new IllegalStateException("a mark got lost");
                }
            }
        }
    }
}
