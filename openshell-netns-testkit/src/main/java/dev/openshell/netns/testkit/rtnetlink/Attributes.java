package dev.openshell.netns.testkit.rtnetlink;

import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Extack;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The attributes of a message, the last of each type (lib/nlattr.c). */
final class Attributes {
    private static final int TYPE_MASK = 0x3fff;

    record Attribute(int type, byte[] value) {}

    private final Map<Integer, byte[]> values = new TreeMap<>();

    private Attributes() {}

    /** Reads as Linux does without strict checking: what it does not know or what is cut off at the end is skipped. */
    static Attributes lenient(byte[] raw, Policy policy, Extack extack) {
        return parse(raw, policy, false, extack);
    }

    /** Reads as Linux does under strict checking: EINVAL for what it does not know and what is left over. */
    static Attributes strict(byte[] raw, Policy policy) {
        return parse(raw, policy, true, new Extack());
    }

    private static Attributes parse(byte[] raw, Policy policy, boolean strict, Extack extack) {
        Attributes attributes = new Attributes();
        List<Attribute> all = new ArrayList<>();
        boolean rest = split(raw, all);
        for (Attribute attribute : all) {
            if (attribute.type == 0 || attribute.type > policy.last) {
                if (strict) {
                    throw new NetException(NetException.EINVAL, "Unknown attribute type");
                }
                continue;
            }
            policy.check(attribute.type, attribute.value);
            attributes.values.put(attribute.type, attribute.value);
        }
        if (rest && strict) {
            throw new NetException(NetException.EINVAL, Extack.LEFTOVER);
        }
        if (rest) {
            extack.text = Extack.LEFTOVER;
        }
        return attributes;
    }

    /** Returns all attributes in order, of whatever type. */
    static List<Attribute> each(byte[] raw) {
        List<Attribute> all = new ArrayList<>();
        split(raw, all);
        return all;
    }

    private static boolean split(byte[] raw, List<Attribute> into) {
        ByteBuffer in = Bytes.read(raw);
        int at = 0;
        while (at + 4 <= raw.length) {
            int length = in.getShort(at) & 0xffff;
            if (length < 4 || at + length > raw.length) {
                return true;
            }
            into.add(new Attribute(in.getShort(at + 2) & TYPE_MASK, Arrays.copyOfRange(raw, at + 4, at + length)));
            at += Bytes.align(length);
        }
        return at < raw.length;
    }

    byte @Nullable [] get(int type) {
        return values.get(type);
    }

    boolean has(int type) {
        return values.containsKey(type);
    }

    Set<Integer> types() {
        return values.keySet();
    }

    /** Returns the number, or {@code otherwise} where there is none. */
    int u32(int type, int otherwise) {
        byte[] value = values.get(type);
        return value == null ? otherwise : Bytes.read(value).getInt();
    }

    /** Returns the text up to its first NUL, null where there is none. */
    @Nullable
    String text(int type) {
        byte[] value = values.get(type);
        if (value == null) {
            return null;
        }
        int length = 0;
        while (length < value.length && value[length] != 0) {
            length++;
        }
        return new String(value, 0, length, StandardCharsets.ISO_8859_1);
    }

    /** Fails for attributes that Linux would honour and this fake does not know. */
    void requireKnown(String message, Set<Integer> known, Set<Integer> ignoredByLinux) {
        for (int type : values.keySet()) {
            if (!known.contains(type) && !ignoredByLinux.contains(type)) {
                throw new UnsupportedOperationException("attribute " + type + " of " + message);
            }
        }
    }
}
