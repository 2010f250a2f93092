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
final class Attributes {
    private static final int NLA_F_NESTED = 0x8000;

    private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());

    Attributes raw(byte... bytes) {
        room(bytes.length).put(bytes);
        return align();
    }

    Attributes raw32(int value) {
        room(4).putInt(value);
        return this;
    }

    Attributes bytes(int type, byte[] value) {
        room(4 + value.length)
                .putShort((short) (4 + value.length))
                .putShort((short) type)
                .put(value);
        return align();
    }

    Attributes u32(int type, int value) {
        return bytes(
                type,
                ByteBuffer.allocate(4)
                        .order(ByteOrder.nativeOrder())
                        .putInt(value)
                        .array());
    }

    Attributes u8(int type, int value) {
        return bytes(type, new byte[] {(byte) value});
    }

    /** A string with its NUL. */
    Attributes string(int type, String value) {
        byte[] ascii = value.getBytes(StandardCharsets.US_ASCII);
        return bytes(type, Arrays.copyOf(ascii, ascii.length + 1));
    }

    Attributes nested(int type, Consumer<Attributes> content) {
        Attributes inner = new Attributes();
        content.accept(inner);
        return bytes(type | NLA_F_NESTED, inner.toBytes());
    }

    byte[] toBytes() {
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
