package dev.openshell.netns.linux.nft;

import dev.openshell.netns.linux.netlink.AttributeMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An element of a set.
 *
 * @param packets how often it was found, where the set counts that
 */
record Element(byte[] key, Userdata beside, long packets, long bytes) {
    private static final int KEY = 1;
    private static final int BESIDE = 6;
    private static final int COUNTER = 7;
    private static final Set<Integer> KNOWN = Set.of(KEY, BESIDE, COUNTER);

    /**
     * Reads what {@code attributes} are.
     *
     * @throws IllegalArgumentException where that is more, or less, than an element of this library's
     */
    static Element of(Map<Integer, byte[]> attributes) {
        if (!KNOWN.containsAll(attributes.keySet())) {
            throw new IllegalArgumentException("an element with attributes " + attributes.keySet());
        }
        byte[] key =
                AttributeMap.nested(attributes.getOrDefault(KEY, new byte[0])).getOrDefault(1, new byte[0]);
        byte[] beside = attributes.get(BESIDE);
        Map<Integer, byte[]> counter = counter(attributes.getOrDefault(COUNTER, new byte[0]));
        return new Element(
                key,
                beside == null ? Userdata.NONE : Userdata.read(beside),
                counter.isEmpty() ? 0 : Shown.longer(counter.get(2)),
                counter.isEmpty() ? 0 : Shown.longer(counter.get(1)));
    }

    /** Returns the key of what may be no element of this library's. */
    static byte[] key(Map<Integer, byte[]> attributes) {
        return AttributeMap.nested(attributes.getOrDefault(KEY, new byte[0])).getOrDefault(1, new byte[0]);
    }

    private static Map<Integer, byte[]> counter(byte[] expression) {
        Map<Integer, byte[]> parts = AttributeMap.nested(expression);
        if (!parts.isEmpty() && !Shown.text(parts.get(1)).equals("counter")) {
            throw new IllegalArgumentException("an element with expression " + Shown.text(parts.get(1)));
        }
        return AttributeMap.nested(parts.getOrDefault(2, new byte[0]));
    }

    static List<Map<Integer, byte[]>> list(byte[] nested) {
        List<Map<Integer, byte[]>> elements = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(nested).order(ByteOrder.nativeOrder());
        for (int at = 0; at + 4 <= in.limit(); ) {
            int length = in.getShort(at) & 0xffff;
            if (length < 4 || length > in.limit() - at) {
                throw new IllegalArgumentException("element of " + length + " bytes at " + at);
            }
            elements.add(AttributeMap.nested(Arrays.copyOfRange(nested, at + 4, at + length)));
            at += length + 3 & ~3;
        }
        return elements;
    }
}
