package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.netlink.Attributes;
import dev.openshell.netns.linux.netlink.Request;
import java.util.Collection;
import java.util.Map;
import java.util.function.Consumer;

/** Changes of nf_tables that are made all at once or not at all, for one family (nf_tables.h). */
final class Batch {
    static final int SUBSYSTEM = 10;
    private static final int BEGIN = 16;
    private static final int END = 17;
    private static final int NEWTABLE = 0;
    private static final int DELTABLE = 2;
    private static final int NEWCHAIN = 3;
    private static final int DELCHAIN = 5;
    private static final int NEWRULE = 6;
    private static final int DELRULE = 8;
    private static final int NEWSET = 9;
    private static final int DELSET = 11;
    private static final int NEWSETELEM = 12;
    private static final int DELSETELEM = 14;
    private static final int NLM_F_APPEND = 0x800;
    private static final int NFT_SET_TIMEOUT = 0x10;
    private static final int NFT_SET_EVAL = 0x20;
    private static final int COUNTED_SECONDS = 10;
    private static final int FAMILY_SHIFT = 20;

    /** A built-in chain: the type, hook and priority of its like. */
    private record Base(String type, int hook, int priority) {}

    private static final Map<String, Base> BASES = Map.of(
            "raw PREROUTING", new Base("filter", 0, -300),
            "raw OUTPUT", new Base("filter", 3, -300),
            "nat PREROUTING", new Base("nat", 0, -100),
            "nat OUTPUT", new Base("nat", 3, -100),
            "nat POSTROUTING", new Base("nat", 4, 100),
            "filter INPUT", new Base("filter", 1, 0),
            "filter FORWARD", new Base("filter", 2, 0),
            "filter OUTPUT", new Base("filter", 3, 0));

    private final Family family;
    private final Request request = new Request();
    private int sets;

    Batch(Family family) {
        this.family = family;
        // The sets of a transaction are told apart by number, whatever the family.
        this.sets = family.ordinal() << FAMILY_SHIFT;
    }

    /** Returns all of {@code batches} as one. The last change is acknowledged: then all are made. */
    static Request whole(Collection<Batch> batches) {
        Request whole = new Request().add("NFNL_MSG_BATCH_BEGIN", "", BEGIN, 0, mark());
        batches.forEach(batch -> whole.and(batch.request));
        return whole.acknowledged().add("NFNL_MSG_BATCH_END", "", END, 0, mark());
    }

    boolean isEmpty() {
        return request.isEmpty();
    }

    /** Returns the name that {@code table} of iptables' has here. */
    static String name(String table) {
        return "openshell-" + table;
    }

    static boolean isBuiltIn(String table, String chain) {
        return BASES.containsKey(table + " " + chain);
    }

    /** Makes a table that must not be there yet. */
    void table(String table) {
        add("NEWTABLE", name(table), NEWTABLE, created(true), data -> data.string(1, name(table))
                .be32(2, 0));
    }

    void deleteTable(String table) {
        add("DELTABLE", name(table), DELTABLE, 0, data -> data.string(1, name(table)));
    }

    void base(String table, String chain, boolean drops) {
        Base base = BASES.get(table + " " + chain);
        add("NEWCHAIN", chain, NEWCHAIN, created(true), data -> data.string(1, name(table))
                .string(3, chain)
                .nest(4, hook -> hook.be32(1, base.hook()).be32(2, base.priority()))
                .be32(5, drops ? Expressions.DROP : Expressions.ACCEPT)
                .string(7, base.type()));
    }

    void chain(String table, String chain) {
        add("NEWCHAIN", chain, NEWCHAIN, created(false), data -> data.string(1, name(table))
                .string(3, chain));
    }

    void deleteChain(String table, String chain) {
        add("DELCHAIN", chain, DELCHAIN, 0, data -> data.string(1, name(table)).string(3, chain));
    }

    void flush(String table, String chain) {
        add("DELRULE", chain, DELRULE, 0, data -> data.string(1, name(table)).string(2, chain));
    }

    void deleteRule(String table, String chain, long handle) {
        add("DELRULE", chain, DELRULE, 0, data -> data.string(1, name(table))
                .string(2, chain)
                .be64(3, handle));
    }

    void append(String table, String chain, byte[] expressions, String comment) {
        add("NEWRULE", chain, NEWRULE, Request.NLM_F_CREATE | NLM_F_APPEND, rule(table, chain, expressions, comment));
    }

    /** Puts a rule before the one of handle {@code before}, for 0 before all. */
    void insert(String table, String chain, byte[] expressions, String comment, long before) {
        add("NEWRULE", chain, NEWRULE, Request.NLM_F_CREATE, data -> {
            rule(table, chain, expressions, comment).accept(data);
            if (before != 0) {
                data.be64(6, before);
            }
        });
    }

    /** Puts a rule first in a chain of somebody else's table. */
    void foreign(String table, String chain, byte[] expressions) {
        add("NEWRULE", chain, NEWRULE, Request.NLM_F_CREATE, data -> data.string(1, table)
                .string(2, chain)
                .bytes(4, expressions));
    }

    void deleteForeign(String table, String chain, long handle) {
        add("DELRULE", chain, DELRULE, 0, data -> data.string(1, table)
                .string(2, chain)
                .be64(3, handle));
    }

    private static Consumer<Attributes> rule(String table, String chain, byte[] expressions, String comment) {
        return data -> {
            data.string(1, name(table)).string(2, chain).bytes(4, expressions);
            if (!comment.isEmpty()) {
                data.bytes(7, Userdata.comment(comment).bytes());
            }
        };
    }

    /** Makes a set that is asked whether it has a key. */
    void set(String table, String set, Key key) {
        set(table, set, key, 0, data -> {});
    }

    /** Makes one that counts how often it was found to have each key. */
    void counting(String table, String set, Key key) {
        set(table, set, key, 0, data -> data.nest(17, counter -> counter.string(1, "counter")));
    }

    /** Makes a set in which rules count by a key, and forget what they have not counted for a while. */
    void dynamic(String table, String set, Key key, boolean forgets) {
        set(table, set, key, NFT_SET_EVAL | (forgets ? NFT_SET_TIMEOUT : 0), data -> {
            if (forgets) {
                data.be64(11, COUNTED_SECONDS * 1000L);
            }
        });
    }

    private void set(String table, String set, Key key, int flags, Consumer<Attributes> more) {
        int id = ++sets;
        add("NEWSET", set, NEWSET, created(false), data -> {
            data.string(1, name(table))
                    .string(2, set)
                    .be32(3, flags)
                    .be32(4, key.type(family))
                    .be32(5, key.length(family))
                    .be32(10, id);
            more.accept(data);
        });
    }

    void deleteSet(String table, String set) {
        add("DELSET", set, DELSET, 0, data -> data.string(1, name(table)).string(2, set));
    }

    /** Puts {@code key} into a set that must not have it yet. */
    void add(String table, String set, byte[] key, Userdata beside) {
        add(
                "NEWSETELEM",
                set,
                NEWSETELEM,
                created(true),
                data -> elements(data, table, set, element -> {
                    element.nest(1, value -> value.bytes(1, key));
                    if (!beside.isEmpty()) {
                        element.bytes(6, beside.bytes());
                    }
                }));
    }

    void deleteElement(String table, String set, byte[] key) {
        add(
                "DELSETELEM",
                set,
                DELSETELEM,
                0,
                data -> elements(data, table, set, element -> element.nest(1, value -> value.bytes(1, key))));
    }

    /** Empties a set. */
    void deleteElements(String table, String set) {
        add("DELSETELEM", set, DELSETELEM, 0, data -> data.string(1, name(table))
                .string(2, set));
    }

    private static void elements(Attributes data, String table, String set, Consumer<Attributes> element) {
        data.string(1, name(table)).string(2, set).nest(3, list -> list.nest(1, element));
    }

    private static int created(boolean exclusive) {
        return Request.NLM_F_CREATE | (exclusive ? Request.NLM_F_EXCL : 0);
    }

    private void add(String name, String object, int type, int flags, Consumer<Attributes> content) {
        Attributes data = header(family);
        content.accept(data);
        request.add("NFT_MSG_" + name, object, SUBSYSTEM << 8 | type, flags, data);
    }

    /** A struct nfgenmsg. */
    static Attributes header(Family family) {
        byte nfproto = (byte) (family == Family.IPV4 ? 2 : 10);
        return new Attributes().raw(nfproto, (byte) 0, (byte) 0, (byte) 0);
    }

    private static Attributes mark() {
        return new Attributes().raw((byte) 0, (byte) 0, (byte) 0, (byte) SUBSYSTEM);
    }
}
