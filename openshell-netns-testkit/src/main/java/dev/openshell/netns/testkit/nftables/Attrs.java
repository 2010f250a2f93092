package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The attributes of a message or of a nested attribute. Numbers are in network byte order. */
final class Attrs {
    static final int NESTED = 0x8000;
    private static final int TYPE_MASK = 0x3fff;

    private final Map<Integer, byte[]> values = new HashMap<>();
    private final List<byte[]> list = new ArrayList<>();

    Attrs(byte[] raw) {
        ByteBuffer in = Bytes.read(raw);
        for (int at = 0; at + 4 <= raw.length; ) {
            int length = in.getShort(at) & 0xffff;
            if (length < 4 || length > raw.length - at) {
                throw new NetException(NetException.EINVAL, "");
            }
            byte[] value = Arrays.copyOfRange(raw, at + 4, at + length);
            values.put(in.getShort(at + 2) & TYPE_MASK, value);
            list.add(value);
            at += Bytes.align(length);
        }
    }

    boolean has(int type) {
        return values.containsKey(type);
    }

    byte @Nullable [] raw(int type) {
        return values.get(type);
    }

    /** Returns the value; EINVAL where there is none. */
    byte[] need(int type) {
        byte[] value = values.get(type);
        if (value == null) {
            throw new NetException(NetException.EINVAL, "");
        }
        return value;
    }

    /** Returns all values in order, of whatever type. */
    List<byte[]> list() {
        return list;
    }

    Attrs nested(int type) {
        return new Attrs(need(type));
    }

    String text(int type) {
        byte[] value = need(type);
        int length = 0;
        while (length < value.length && value[length] != 0) {
            length++;
        }
        return new String(value, 0, length, StandardCharsets.UTF_8);
    }

    int u32(int type) {
        byte[] value = need(type);
        if (value.length < 4) {
            throw new NetException(NetException.ERANGE, "");
        }
        return ByteBuffer.wrap(value).getInt();
    }

    int u32(int type, int otherwise) {
        return has(type) ? u32(type) : otherwise;
    }

    int u8(int type, int otherwise) {
        byte[] value = values.get(type);
        return value == null || value.length == 0 ? otherwise : value[0] & 0xff;
    }

    long u64(int type, long otherwise) {
        byte[] value = values.get(type);
        if (value != null && value.length < 8) {
            throw new NetException(NetException.ERANGE, "");
        }
        return value == null ? otherwise : ByteBuffer.wrap(value).getLong();
    }

    static byte[] be32(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    static byte[] be64(long value) {
        return ByteBuffer.allocate(8).putLong(value).array();
    }

    static byte[] string(String text) {
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(raw, raw.length + 1);
    }
}
