package dev.openshell.netns.testkit.rtnetlink;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Netlink answers in words, with what both sides have to agree on. */
final class Words {
    static final byte[][] DUMPS = {
        dump(18, 0, 16), dump(22, 0, 8), dump(26, 2, 12), dump(26, 10, 12),
    };

    private Words() {}

    private static byte[] dump(int type, int family, int length) {
        ByteBuffer out = ByteBuffer.allocate(16 + length).order(ByteOrder.nativeOrder());
        out.putInt(16 + length)
                .putShort((short) type)
                .putShort((short) 0x301)
                .putInt(1)
                .putInt(0);
        out.put((byte) family);
        return out.array();
    }

    static List<String> of(byte[] answers) {
        List<String> words = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(answers).order(ByteOrder.nativeOrder());
        for (int at = 0; at + 16 <= answers.length; ) {
            int length = in.getInt(at);
            ByteBuffer one = in.slice(at, length).order(ByteOrder.nativeOrder());
            words.add(word(one));
            at += length + 3 & ~3;
        }
        // How much of a dump fits into its first datagram is not the fake's business.
        words.sort(Comparator.comparing(w -> w.substring(0, w.indexOf(' '))));
        return words;
    }

    private static String word(ByteBuffer m) {
        int type = m.getShort(4) & 0xffff;
        String start = "#" + m.getInt(8) + " ";
        return start
                + switch (type) {
                    case 2 -> error(m);
                    case 3 -> done(m);
                    case 16 -> link(m);
                    case 20 -> address(m);
                    case 24 -> route(m);
                    default -> "type " + type;
                };
    }

    private static String error(ByteBuffer m) {
        int flags = m.getShort(6) & 0xffff;
        int errno = -m.getInt(16);
        int echoed = (flags & 0x100) != 0 ? 16 : m.getInt(20) + 3 & ~3;
        String text = "";
        if ((flags & 0x200) != 0) {
            byte[] raw = attributes(m, 20 + echoed).get(1);
            text = raw == null ? "" : string(raw);
        }
        return "error " + (errno == 9 ? 22 : errno) + " '" + text + "'" + ((flags & 0x100) != 0 ? " capped" : "");
    }

    private static String done(ByteBuffer m) {
        byte[] text = (m.getShort(6) & 0x200) == 0 ? null : attributes(m, 20).get(1);
        return "done " + -m.getInt(16) + (text == null ? "" : " " + string(text));
    }

    private static String link(ByteBuffer m) {
        Map<Integer, byte[]> a = attributes(m, 32);
        String mac = HexFormat.of().formatHex(a.get(1));
        return "link " + m.getInt(20) + " " + string(a.get(3)) + " " + Integer.toHexString(m.getInt(24) & 0x1104b)
                + " type " + m.getShort(18) + " "
                + (mac.startsWith("02aa") || mac.startsWith("0000") ? mac : "random") + " peer "
                + (a.containsKey(5) ? u32(a.get(5)) : 0);
    }

    private static String address(ByteBuffer m) {
        Map<Integer, byte[]> a = attributes(m, 24);
        int flags = u32(a.get(8)) & ~0x40;
        return "address " + m.getInt(20) + " " + ip(a.get(1)) + " " + ip(a.get(2)) + "/" + m.get(17) + " scope "
                + (m.get(19) & 0xff) + " flags " + Integer.toHexString(flags);
    }

    private static String route(ByteBuffer m) {
        Map<Integer, byte[]> a = attributes(m, 28);
        return "route " + m.get(16) + " type " + m.get(23) + " " + ip(a.get(1)) + "/" + (m.get(17) & 0xff) + " table "
                + (a.containsKey(15) ? u32(a.get(15)) : m.get(20) & 0xff) + " proto " + (m.get(21) & 0xff) + " scope "
                + (m.get(22) & 0xff) + " dev " + (a.containsKey(4) ? u32(a.get(4)) : 0) + " via " + ip(a.get(5))
                + " src " + ip(a.get(7)) + " metric " + (a.containsKey(6) ? u32(a.get(6)) : 0) + " flags "
                + Integer.toHexString(m.getInt(24) & 0x211);
    }

    private static Map<Integer, byte[]> attributes(ByteBuffer m, int from) {
        Map<Integer, byte[]> all = new TreeMap<>();
        for (int at = from; at + 4 <= m.limit(); ) {
            int length = m.getShort(at) & 0xffff;
            byte[] value = new byte[length - 4];
            m.get(at + 4, value);
            all.put(m.getShort(at + 2) & 0x3fff, value);
            at += length + 3 & ~3;
        }
        return all;
    }

    private static int u32(byte[] raw) {
        return ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder()).getInt();
    }

    private static String ip(byte[] raw) {
        try {
            return raw == null ? "-" : InetAddress.getByAddress(raw).getHostAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static String string(byte[] raw) {
        return new String(raw, 0, raw.length - 1, StandardCharsets.ISO_8859_1);
    }
}
