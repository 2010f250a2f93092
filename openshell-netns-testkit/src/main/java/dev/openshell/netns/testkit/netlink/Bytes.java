package dev.openshell.netns.testkit.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Writes and reads netlink bytes: the machine's byte order, everything padded to four. */
public final class Bytes {
    private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());

    /** Returns {@code raw} to be read. */
    public static ByteBuffer read(byte[] raw) {
        return ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder());
    }

    /** Returns {@code length} with its padding. */
    public static int align(int length) {
        return length + 3 & ~3;
    }

    /** Returns a value of 32 bits. */
    public static byte[] number(long value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt((int) value)
                .array();
    }

    /** Appends bytes. */
    public Bytes u8(int... values) {
        for (int value : values) {
            room(1).put((byte) value);
        }
        return this;
    }

    /** Appends 16 bits. */
    public Bytes u16(int value) {
        room(2).putShort((short) value);
        return this;
    }

    /** Appends 32 bits. */
    public Bytes u32(int value) {
        room(4).putInt(value);
        return this;
    }

    /** Appends {@code value} without padding. */
    public Bytes raw(byte[] value) {
        room(value.length).put(value);
        return this;
    }

    /** Appends an attribute with its padding. */
    public Bytes attribute(int type, byte[] value) {
        return u16(4 + value.length).u16(type).raw(value).padded();
    }

    /** Appends what is missing to a multiple of four. */
    public Bytes padded() {
        while (buffer.position() % 4 != 0) {
            room(1).put((byte) 0);
        }
        return this;
    }

    /** Returns what was written. */
    public byte[] toBytes() {
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
