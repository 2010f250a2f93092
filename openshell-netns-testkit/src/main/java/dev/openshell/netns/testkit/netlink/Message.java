package dev.openshell.netns.testkit.netlink;

import dev.openshell.netns.testkit.net.NetException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One message of a request: struct nlmsghdr and what follows.
 *
 * @param extack the text that goes with its answer
 */
public record Message(int type, int flags, int sequence, int port, byte[] payload, Extack extack) {
    public static final int HEADER = 16;
    public static final int NLM_F_REQUEST = 1;
    public static final int NLM_F_MULTI = 2;
    public static final int NLM_F_ACK = 4;
    public static final int NLM_F_ECHO = 8;
    public static final int NLM_F_REPLACE = 0x100;
    public static final int NLM_F_EXCL = 0x200;
    public static final int NLM_F_CREATE = 0x400;
    public static final int NLM_F_APPEND = 0x800;
    public static final int NLM_F_DUMP = 0x300;
    public static final int NLM_F_BULK = 0x200;

    /** Returns the messages of a datagram, up to the first whose length can't be (netlink_rcv_skb). */
    public static List<Message> split(byte[] request) {
        List<Message> messages = new ArrayList<>();
        ByteBuffer in = Bytes.read(request);
        int at = 0;
        while (request.length - at >= HEADER) {
            int length = in.getInt(at);
            if (length < HEADER || length > request.length - at) {
                break;
            }
            messages.add(new Message(
                    in.getShort(at + 4) & 0xffff,
                    in.getShort(at + 6) & 0xffff,
                    in.getInt(at + 8),
                    in.getInt(at + 12),
                    Arrays.copyOfRange(request, at + HEADER, at + length),
                    new Extack()));
            at = (int) Math.min(request.length, at + (length + 3L & ~3L));
        }
        return messages;
    }

    /** Returns whether any of {@code flag}'s bits is set. */
    public boolean flag(int flag) {
        return (flags & flag) != 0;
    }

    /** Returns the first byte of what follows the header, which all protocols here have their family in. */
    public int family() {
        return payload[0] & 0xff;
    }

    /** Returns the fixed part; EINVAL where the message is too short for it. */
    public ByteBuffer fixed(int length, String otherwise) {
        if (payload.length < length) {
            throw new NetException(NetException.EINVAL, otherwise);
        }
        return Bytes.read(payload);
    }

    /** Returns what stands behind the fixed part. */
    public byte[] attributes(int fixed) {
        return Arrays.copyOfRange(payload, Math.min(payload.length, fixed), payload.length);
    }

    byte[] header() {
        return new Bytes()
                .u32(HEADER + payload.length)
                .u16(type)
                .u16(flags)
                .u32(sequence)
                .u32(port)
                .toBytes();
    }
}
