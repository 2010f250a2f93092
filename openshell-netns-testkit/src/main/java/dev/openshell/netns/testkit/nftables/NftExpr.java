package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.netlink.Bytes;
import java.nio.ByteBuffer;
import java.util.List;

/** Writes attributes of nf_tables and the expressions of rules. */
public final class NftExpr {
    /** NFT_REG_1: sixteen bytes. */
    public static final int REG = 1;

    private NftExpr() {}

    /** Returns an attribute of text. */
    public static byte[] text(int type, String value) {
        return new Bytes().attribute(type, Attrs.string(value)).toBytes();
    }

    /** Returns an attribute of 32 bits. */
    public static byte[] be32(int type, int value) {
        return new Bytes().attribute(type, Attrs.be32(value)).toBytes();
    }

    /** Returns an attribute of 64 bits. */
    public static byte[] be64(int type, long value) {
        return new Bytes().attribute(type, Attrs.be64(value)).toBytes();
    }

    /** Returns an attribute of one byte. */
    public static byte[] u8(int type, int value) {
        return new Bytes().attribute(type, new byte[] {(byte) value}).toBytes();
    }

    /** Returns an attribute with attributes in it. */
    public static byte[] nest(int type, byte[]... attributes) {
        Bytes inside = new Bytes();
        List.of(attributes).forEach(inside::raw);
        return new Bytes().attribute(type | Attrs.NESTED, inside.toBytes()).toBytes();
    }

    /** Returns an attribute with a list (NFTA_LIST_ELEM). */
    public static byte[] list(int type, byte[]... attributes) {
        Bytes inside = new Bytes();
        List.of(attributes).forEach(one -> inside.attribute(1 | Attrs.NESTED, one));
        return new Bytes().attribute(type | Attrs.NESTED, inside.toBytes()).toBytes();
    }

    /** Returns a value (NFTA_DATA_VALUE). */
    public static byte[] value(int type, byte[] value) {
        return nest(type, new Bytes().attribute(1, value).toBytes());
    }

    /** Returns the expression of that name. */
    public static byte[] of(String name, byte[]... data) {
        return new Bytes().raw(text(1, name)).raw(nest(2, data)).toBytes();
    }

    private static byte[] verdict(int type, int code, String chain) {
        return chain.isEmpty()
                ? nest(type, nest(2, be32(1, code)))
                : nest(type, nest(2, be32(1, code), text(2, chain)));
    }

    /** Returns a verdict: 1 accept, 0 drop, -3 jump, -4 goto, -5 return. */
    public static byte[] verdict(int code, String chain) {
        return of("immediate", be32(1, 0), verdict(2, code, chain));
    }

    /** Accepts. */
    public static byte[] accept() {
        return verdict(1, "");
    }

    /** Drops. */
    public static byte[] drop() {
        return verdict(0, "");
    }

    /** Loads bytes into a register. */
    public static byte[] immediate(int register, byte[] value) {
        return of("immediate", be32(1, register), value(2, value));
    }

    /** Compares: 0 is, 1 is not, 2 below, 3 at most, 4 above, 5 at least. */
    public static byte[] cmp(int register, int op, byte[] value) {
        return of("cmp", be32(1, register), be32(2, op), value(3, value));
    }

    /** Loads a key of the packet. */
    public static byte[] meta(int register, int key) {
        return of("meta", be32(2, key), be32(1, register));
    }

    /** Loads bytes of a header: base 1 network, 2 transport. */
    public static byte[] payload(int register, int base, int offset, int length) {
        return of("payload", be32(1, register), be32(2, base), be32(3, offset), be32(4, length));
    }

    /** Loads a key of the flow; of its original direction, 0, or the other one, below 0 of none. */
    public static byte[] ct(int register, int key, int direction) {
        return direction < 0
                ? of("ct", be32(1, register), be32(2, key))
                : of("ct", be32(1, register), be32(2, key), u8(3, direction));
    }

    /** Masks a register. */
    public static byte[] and(int register, byte[] mask) {
        return of(
                "bitwise",
                be32(1, register),
                be32(2, register),
                be32(3, mask.length),
                value(4, mask),
                value(5, new byte[mask.length]));
    }

    /** Looks into a set; the data of a map go to register 0, the verdict. */
    public static byte[] lookup(String set, int id, int register, boolean map) {
        return map
                ? of("lookup", text(1, set), be32(4, id), be32(2, register), be32(3, 0))
                : of("lookup", text(1, set), be32(4, id), be32(2, register));
    }

    /** Adds to a set, with an expression for each element. */
    public static byte[] dynset(String set, int id, int register, byte[]... expressions) {
        byte[] first = new Bytes()
                .raw(text(1, set))
                .raw(be32(2, id))
                .raw(be32(3, 0))
                .raw(be32(4, register))
                .toBytes();
        return expressions.length == 0
                ? of("dynset", first)
                : of(
                        "dynset",
                        first,
                        new Bytes().attribute(7 | Attrs.NESTED, expressions[0]).toBytes());
    }

    /** Allows so many packets in a unit of seconds. */
    public static byte[] limit(long rate, long unit, int burst, boolean over) {
        return of("limit", be64(1, rate), be64(2, unit), be32(3, burst), be32(4, 0), be32(5, over ? 1 : 0));
    }

    /** Allows so many flows. */
    public static byte[] connlimit(int count, boolean over) {
        return of("connlimit", be32(1, count), be32(2, over ? 1 : 0));
    }

    /** Returns an element of a set. */
    public static byte[] element(byte[] key) {
        return value(1, key);
    }

    /** Returns the end of a range in a set. */
    public static byte[] end(byte[] key) {
        return new Bytes().raw(value(1, key)).raw(be32(3, 1)).toBytes();
    }

    /** Returns an element of a verdict map. */
    public static byte[] element(byte[] key, int code, String chain) {
        return new Bytes().raw(value(1, key)).raw(verdict(2, code, chain)).toBytes();
    }

    /** Returns 16 bits in network order. */
    public static byte[] port(int port) {
        return ByteBuffer.allocate(2).putShort((short) port).array();
    }
}
