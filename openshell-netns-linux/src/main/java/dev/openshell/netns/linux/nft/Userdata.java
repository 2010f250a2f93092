package dev.openshell.netns.linux.nft;

import dev.openshell.netns.linux.kernel.KernelException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What stands beside a rule or an element, as nft has it: parts of a type, a length and a content.
 *
 * @param comment nft's own, of type 0, with its NUL
 * @param link the sandbox's link, where the key does not tell
 * @param index in which order it was written, of those of one chain
 */
record Userdata(String comment, String link, int index) {
    private static final int MOST = 256;
    private static final int COMMENT = 0;
    private static final int LINK = 64;
    private static final int INDEX = 65;

    static final Userdata NONE = new Userdata("", "", 0);

    static Userdata comment(String comment) {
        return new Userdata(comment, "", 0);
    }

    boolean isEmpty() {
        return comment.isEmpty() && link.isEmpty() && index == 0;
    }

    /**
     * Returns its bytes.
     *
     * @throws KernelException where that is more than the kernel keeps
     */
    byte[] bytes() {
        byte[] text = comment.getBytes(StandardCharsets.US_ASCII);
        byte[] name = link.getBytes(StandardCharsets.US_ASCII);
        int length = (text.length == 0 ? 0 : text.length + 3) + (name.length == 0 ? 0 : name.length + 2) + 4;
        if (length > MOST) {
            throw new KernelException(
                    0,
                    "nf_tables keeps no note of " + text.length + " letters: '" + comment + "'",
                    "list the addresses of that name, or use backend(IPTABLES)");
        }
        ByteBuffer data = ByteBuffer.allocate(length);
        if (text.length > 0) {
            data.put((byte) COMMENT).put((byte) (text.length + 1)).put(text).put((byte) 0);
        }
        if (name.length > 0) {
            data.put((byte) LINK).put((byte) name.length).put(name);
        }
        if (index != 0) {
            data.put((byte) INDEX).put((byte) 2).putShort((short) index);
        }
        return Arrays.copyOf(data.array(), data.position());
    }

    /**
     * Reads them.
     *
     * @throws IllegalArgumentException where they are none that this library writes
     */
    static Userdata read(byte[] bytes) {
        Userdata read = NONE;
        for (int at = 0; at < bytes.length; ) {
            int length = at + 2 > bytes.length ? -1 : bytes[at + 1] & 0xff;
            if (length < 1 || at + 2 + length > bytes.length) {
                throw new IllegalArgumentException("user data of " + bytes.length + " bytes");
            }
            byte[] part = Arrays.copyOfRange(bytes, at + 2, at + 2 + length);
            read = read.with(bytes[at], part);
            at += 2 + length;
        }
        if (!Arrays.equals(read.bytes(), bytes)) {
            throw new IllegalArgumentException("user data in another order, or twice");
        }
        return read;
    }

    private Userdata with(int type, byte[] part) {
        String text = new String(part, StandardCharsets.US_ASCII);
        return switch (type) {
            case COMMENT -> new Userdata(text.substring(0, text.length() - 1), link, index);
            case LINK -> new Userdata(comment, text, index);
            case INDEX ->
                new Userdata(
                        comment, link, part.length == 2 ? ByteBuffer.wrap(part).getShort() & 0xffff : 0);
            default -> throw new IllegalArgumentException("user data of type " + type);
        };
    }
}
