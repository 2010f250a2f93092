package dev.openshell.netns.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Writes a netlink payload: fixed headers and {@code struct nlattr} (include/uapi/linux/netlink.h), in the machine's
 * byte order, each attribute padded to four bytes.
 */
public final class Attributes {
    private static final int NLA_F_NESTED = 0x8000;

    private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());

    public Attributes raw(byte... bytes) {
        room(bytes.length).put(bytes);
        return align();
    }

    public Attributes raw32(int value) {
        room(4).putInt(value);
        return this;
    }

    public Attributes bytes(int type, byte[] value) {
        room(4 + value.length)
                .putShort((short) (4 + value.length))
                .putShort((short) type)
                .put(value);
        return align();
    }

    public Attributes u32(int type, int value) {
        return bytes(
                type,
                ByteBuffer.allocate(4)
                        .order(ByteOrder.nativeOrder())
                        .putInt(value)
                        .array());
    }

    public Attributes u8(int type, int value) {
        return bytes(type, new byte[] {(byte) value});
    }

    /** A string with its NUL. */
    public Attributes string(int type, String value) {
        byte[] ascii = value.getBytes(StandardCharsets.US_ASCII);
        return bytes(type, Arrays.copyOf(ascii, ascii.length + 1));
    }

    public Attributes nested(int type, Consumer<Attributes> content) {
        Attributes inner = new Attributes();
        content.accept(inner);
        return bytes(type | NLA_F_NESTED, inner.toBytes());
    }

    /** The same without NLA_F_NESTED, as netfilter's own answers have it. */
    public Attributes nest(int type, Consumer<Attributes> content) {
        Attributes inner = new Attributes();
        content.accept(inner);
        return bytes(type, inner.toBytes());
    }

    /** A number in network byte order, as netfilter has them. */
    public Attributes be32(int type, int value) {
        return bytes(type, ByteBuffer.allocate(4).putInt(value).array());
    }

    public Attributes be64(int type, long value) {
        return bytes(type, ByteBuffer.allocate(8).putLong(value).array());
    }

    public byte[] toBytes() {
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    private Attributes align() {
        while (buffer.position() % 4 != 0) {
            room(1).put((byte) 0);
        }
        return this;
    }

    private ByteBuffer room(int length) {
        if (buffer.remaining() < length) {
            byte[] grown = Arrays.copyOf(buffer.array(), Math.max(buffer.capacity() * 2, buffer.position() + length));
            buffer = ByteBuffer.wrap(grown).order(ByteOrder.nativeOrder()).position(buffer.position());
        }
        return buffer;
    }
}
