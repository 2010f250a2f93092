package dev.openshell.netns.testkit.rtnetlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Writes and reads netlink bytes: the machine's byte order, everything padded to four. */
final class Bytes {
    private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());

    static ByteBuffer read(byte[] raw) {
        return ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder());
    }

    static int align(int length) {
        return length + 3 & ~3;
    }

    static byte[] number(long value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt((int) value)
                .array();
    }

    Bytes u8(int... values) {
        for (int value : values) {
            room(1).put((byte) value);
        }
        return this;
    }

    Bytes u16(int value) {
        room(2).putShort((short) value);
        return this;
    }

    Bytes u32(int value) {
        room(4).putInt(value);
        return this;
    }

    Bytes raw(byte[] value) {
        room(value.length).put(value);
        return this;
    }

    Bytes attribute(int type, byte[] value) {
        return u16(4 + value.length).u16(type).raw(value).padded();
    }

    Bytes padded() {
        while (buffer.position() % 4 != 0) {
            room(1).put((byte) 0);
        }
        return this;
    }

    byte[] toBytes() {
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    private ByteBuffer room(int length) {
        if (buffer.remaining() < length) {
            byte[] grown = Arrays.copyOf(buffer.array(), Math.max(buffer.capacity() * 2, buffer.position() + length));
            buffer = ByteBuffer.wrap(grown).order(ByteOrder.nativeOrder()).position(buffer.position());
        }
        return buffer;
    }
}
