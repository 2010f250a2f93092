package dev.openshell.netns.testkit.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/** Writes a netlink message, or the inside of an attribute: numbers of netfilter's attributes are big-endian. */
final class NetlinkMessage {
    static final int NLM_F_REQUEST = 1;
    static final int NLM_F_ACK = 4;
    static final int NLM_F_CREATE = 0x400;
    static final int NLM_F_APPEND = 0x800;
    private static final int NLA_F_NESTED = 0x8000;

    private final ByteBuffer out = ByteBuffer.allocate(1024).order(ByteOrder.nativeOrder());

    /** Returns a message's beginning; its length is filled in by {@link #toBytes}. */
    static NetlinkMessage of(int type, int flags, int sequence) {
        NetlinkMessage message = new NetlinkMessage();
        message.out.putInt(0).putShort((short) type).putShort((short) (flags | NLM_F_REQUEST));
        message.out.putInt(sequence).putInt(0);
        return message;
    }

    NetlinkMessage raw(byte... bytes) {
        out.put(bytes);
        while (out.position() % 4 != 0) {
            out.put((byte) 0);
        }
        return this;
    }

    NetlinkMessage raw32(int value) {
        out.putInt(value);
        return this;
    }

    NetlinkMessage bytes(int type, byte... value) {
        out.putShort((short) (4 + value.length)).putShort((short) type);
        return raw(value);
    }

    NetlinkMessage be32(int type, int value) {
        return bytes(type, ByteBuffer.allocate(4).putInt(value).array());
    }

    NetlinkMessage be16(int type, int value) {
        return bytes(type, (byte) (value >> 8), (byte) value);
    }

    NetlinkMessage text(int type, String value) {
        byte[] ascii = value.getBytes(StandardCharsets.US_ASCII);
        return bytes(type, Arrays.copyOf(ascii, ascii.length + 1));
    }

    NetlinkMessage nested(int type, Consumer<NetlinkMessage> content) {
        NetlinkMessage inner = new NetlinkMessage();
        content.accept(inner);
        return bytes(type | NLA_F_NESTED, Arrays.copyOf(inner.out.array(), inner.out.position()));
    }

    byte[] toBytes() {
        out.putInt(0, out.position());
        return Arrays.copyOf(out.array(), out.position());
    }
}
