package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.netlink.Bytes;
import java.util.Map;

/** Writes an expression as Linux does in answers, whatever order and form it came in. */
final class Canonical {
    /** What Linux writes of each, in order: the type of an attribute, and its kind. */
    private static final Map<String, String> ATTRIBUTES = Map.ofEntries(
            Map.entry("immediate", "1r 2d"),
            Map.entry("cmp", "1r 2v 3d"),
            Map.entry("range", "1r 2v 3d 4d"),
            Map.entry("bitwise", "1r 2r 3v 6z 4d 5d"),
            Map.entry("meta", "2v 1r 3r"),
            Map.entry("payload", "1r 2v 3v 4v"),
            Map.entry("ct", "1r 2v 3v"),
            Map.entry("lookup", "1s 2r 3r 5z"),
            Map.entry("dynset", "4r 5r 3v 1s 6q 7e 9z"),
            Map.entry("reject", "1v 2c"),
            Map.entry("masq", ""),
            Map.entry("counter", "1q 2q"),
            Map.entry("limit", "1v 2v 3b 4z 5z"),
            Map.entry("connlimit", "1v 2n"));

    private static final int SET_NAME = 1;
    private static final int FIRST_NARROW = 8;
    private static final int DEFAULT_BURST = 5;

    private Canonical() {}

    /** Returns NFTA_EXPR_NAME and NFTA_EXPR_DATA; {@code set} is the name of the set that it holds. */
    static byte[] of(byte[] raw, String set) {
        Attrs expression = new Attrs(raw);
        String name = expression.text(1);
        Bytes out = new Bytes().attribute(1, Attrs.string(name));
        String wanted = ATTRIBUTES.get(name);
        if (wanted == null) {
            return out.toBytes();
        }
        Attrs data = new Attrs(expression.has(2) ? expression.need(2) : new byte[0]);
        Bytes inside = new Bytes();
        for (String one : wanted.isEmpty() ? new String[0] : wanted.split(" ")) {
            int type = Integer.parseInt(one.substring(0, one.length() - 1));
            add(inside, type, one.charAt(one.length() - 1), data, set);
        }
        return out.attribute(2, inside.toBytes()).toBytes();
    }

    private static void add(Bytes out, int type, char kind, Attrs data, String set) {
        switch (kind) {
            case 'z' -> out.attribute(type, Attrs.be32(data.u32(type, 0)));
            case 'q' -> out.attribute(type, Attrs.be64(data.u64(type, 0)));
            case 'b' -> {
                int burst = data.u32(type, 0);
                out.attribute(type, Attrs.be32(burst == 0 ? DEFAULT_BURST : burst));
            }
            case 'n' -> {
                if (data.u32(type, 0) != 0) {
                    out.attribute(type, data.need(type));
                }
            }
            case 'c' -> {
                // A reset has no code.
                if (data.u32(1, 0) != 1) {
                    out.attribute(type, data.need(type));
                }
            }
            case 's' -> out.attribute(SET_NAME, Attrs.string(set));
            default -> {
                if (data.has(type)) {
                    out.attribute(
                            type,
                            switch (kind) {
                                case 'r' -> Attrs.be32(register(data.u32(type)));
                                case 'd' -> value(data.nested(type));
                                case 'e' -> of(data.need(type), "");
                                default -> data.need(type);
                            });
                }
            }
        }
    }

    /** Returns the name of four registers of 4 bytes for the first of them (nft_dump_register). */
    private static int register(int number) {
        boolean whole = number >= FIRST_NARROW && number % 4 == 0;
        return whole ? (number - FIRST_NARROW) / 4 + 1 : number;
    }

    private static byte[] value(Attrs data) {
        return data.has(1) ? new Bytes().attribute(1, data.need(1)).toBytes() : verdict(Verdict.read(data.nested(2)));
    }

    /** Returns NFTA_DATA_VERDICT. */
    static byte[] verdict(Verdict verdict) {
        Bytes code = new Bytes().attribute(1, Attrs.be32(verdict.code()));
        if (!verdict.chain().isEmpty()) {
            code.attribute(2, Attrs.string(verdict.chain()));
        }
        return new Bytes().attribute(2, code.toBytes()).toBytes();
    }
}
