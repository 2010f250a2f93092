package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import java.util.ArrayList;
import java.util.List;

/** Writes requests to nf_tables: batches about one table, and questions. */
public final class NftBatch {
    /** NFPROTO_INET. */
    public static final int INET = 1;

    private static final int ADD = Message.NLM_F_REQUEST | Message.NLM_F_ACK | Message.NLM_F_CREATE;
    private static final int BATCH_BEGIN = 16;
    private static final int BATCH_END = 17;

    private final int family;
    private final String table;
    private final List<byte[]> messages = new ArrayList<>();

    /** Makes an empty one. */
    public NftBatch(int family, String table) {
        this.family = family;
        this.table = table;
    }

    /** Adds the table itself. */
    public NftBatch table(int flags) {
        return add(0, ADD, NftExpr.be32(2, flags));
    }

    /** Adds a chain that rules go to. */
    public NftBatch chain(String name) {
        return add(3, ADD, NftExpr.text(3, name));
    }

    /** Adds a chain that netfilter calls; {@code accepts} is its policy. */
    public NftBatch base(String name, String type, int hook, int priority, boolean accepts) {
        byte[] called = NftExpr.nest(4, NftExpr.be32(1, hook), NftExpr.be32(2, priority));
        return add(3, ADD, NftExpr.text(3, name), called, NftExpr.be32(5, accepts ? 1 : 0), NftExpr.text(7, type));
    }

    /** Appends a rule. */
    public NftBatch rule(String chain, byte[]... expressions) {
        return add(6, ADD | Message.NLM_F_APPEND, NftExpr.text(2, chain), NftExpr.list(4, expressions));
    }

    /** Adds a set, {@code id} its number in this batch; {@code more} are further attributes. */
    public NftBatch set(String name, int id, int flags, int keyLength, byte[]... more) {
        List<byte[]> all = new ArrayList<>(List.of(
                NftExpr.text(2, name),
                NftExpr.be32(3, flags),
                NftExpr.be32(4, 0),
                NftExpr.be32(5, keyLength),
                NftExpr.be32(10, id)));
        all.addAll(List.of(more));
        return add(9, ADD, all.toArray(byte[][]::new));
    }

    /** Adds elements of {@link NftExpr#element} to a set. */
    public NftBatch elements(String set, int id, byte[]... elements) {
        return add(12, ADD, NftExpr.text(2, set), NftExpr.be32(4, id), NftExpr.list(3, elements));
    }

    /** Adds a message about the table. */
    public NftBatch add(int type, int flags, byte[]... attributes) {
        List<byte[]> all = new ArrayList<>(List.of(attributes));
        all.add(0, NftExpr.text(1, table));
        messages.add(message(Nftables.SUBSYSTEM << 8 | type, flags, family, 0, messages.size() + 1, all));
        return this;
    }

    private static byte[] message(int type, int flags, int of, int resource, int number, List<byte[]> attributes) {
        Bytes payload = new Bytes().u8(of, 0, resource >>> 8, resource);
        attributes.forEach(payload::raw);
        byte[] bytes = payload.toBytes();
        return new Bytes()
                .u32(Message.HEADER + bytes.length)
                .u16(type)
                .u16(flags)
                .u32(number)
                .u32(0)
                .raw(bytes)
                .toBytes();
    }

    /** Returns all as a transaction. */
    public byte[] toBytes() {
        Bytes out = new Bytes().raw(edge(BATCH_BEGIN, 0));
        messages.forEach(out::raw);
        return out.raw(edge(BATCH_END, messages.size() + 1)).toBytes();
    }

    private static byte[] edge(int type, int number) {
        return message(type, Message.NLM_F_REQUEST, 0, Nftables.SUBSYSTEM, number, List.of());
    }

    /** Returns a message outside of any batch. */
    public static byte[] ask(int type, int flags, int family, byte[]... attributes) {
        return message(
                Nftables.SUBSYSTEM << 8 | type, Message.NLM_F_REQUEST | flags, family, 0, 1, List.of(attributes));
    }
}
