package dev.openshell.netns.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/** Reads what {@link Attributes} writes: the values by type, the last of each, without the flags of the type. */
public final class AttributeMap {
    private static final int NLA_TYPE_MASK = 0x3fff;

    private AttributeMap() {}

    /**
     * Returns the attributes of {@code payload} from {@code offset} to its end.
     *
     * @throws IllegalArgumentException when one is cut off or claims an impossible length, or bytes are left over
     */
    public static Map<Integer, byte[]> read(ByteBuffer payload, int offset) {
        Map<Integer, byte[]> attributes = new HashMap<>();
        int at = offset;
        while (at + 4 <= payload.limit()) {
            int length = payload.getShort(at) & 0xffff;
            if (length < 4 || at + length > payload.limit()) {
                throw new IllegalArgumentException("netlink attribute of " + length + " bytes at " + at);
            }
            byte[] value = new byte[length - 4];
            payload.get(at + 4, value);
            attributes.put(payload.getShort(at + 2) & NLA_TYPE_MASK, value);
            at += Answers.align(length);
        }
        if (at < payload.limit()) {
            throw new IllegalArgumentException(
                    payload.limit() - at + " stray bytes after the last netlink attribute, at " + at);
        }
        return attributes;
    }

    /** Returns the attributes that {@code value}, itself one's value, holds (NLA_F_NESTED). */
    public static Map<Integer, byte[]> nested(byte[] value) {
        return read(ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()), 0);
    }
}
