package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.netlink.Message;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;

/** A wrong way to write rules as messages of nf_tables: what is written is changed on its way to the kernel. */
public final class NftMutant {
    private static final int BATCH_BEGIN = 16;
    private static final int BATCH_END = 17;
    private static final int DELTABLE = Nftables.SUBSYSTEM << 8 | 2;
    private static final int NEWCHAIN = Nftables.SUBSYSTEM << 8 | 3;
    private static final int NEWRULE = Nftables.SUBSYSTEM << 8 | 6;
    private static final int NEWSETELEM = Nftables.SUBSYSTEM << 8 | 12;
    private static final int NFGENMSG = 4;
    private static final int TYPE_MASK = 0x3fff;
    private static final int IFNAMSIZ = 16;
    private static final int RETURN = -5;

    /** An expression: its name with the numbers that it is known by, and all of it. */
    private record Expr(String key, byte[] raw) {
        static Expr of(byte[] raw) {
            Attrs attrs = new Attrs(raw);
            String name = attrs.text(1);
            Attrs data = new Attrs(attrs.has(2) ? attrs.need(2) : new byte[0]);
            return new Expr(
                    switch (name) {
                        case "payload" -> name + " " + data.u32(2) + " " + data.u32(3);
                        case "meta", "ct" -> name + " " + data.u32(2);
                        case "lookup" -> name + " " + data.text(1);
                        default -> name;
                    },
                    raw);
        }

        /** Returns where it loads to. */
        int register() {
            return new Attrs(new Attrs(raw).need(2)).u32(1);
        }

        /** Returns how much it loads. */
        int length() {
            return key.startsWith("meta") ? IFNAMSIZ : new Attrs(new Attrs(raw).need(2)).u32(4);
        }

        /** Returns it with a number of its data changed. */
        Expr with(int type, IntUnaryOperator change) {
            return of(attribute(raw, 2, data -> number(data, type, change)));
        }
    }

    /** The sets of those that jumps are for, each with an interface. */
    private static final String MEMBERS = "OPENSHELL-(SOURCE|FROM|LOCAL|TO)";

    private static final String NAMED = "OPENSHELL-(SOURCE|FROM|LOCAL|TO)(-flows|-services)?";

    private interface Change {
        /** Returns the rule of {@code chain} that is to be in place of {@code rule}. */
        List<Expr> of(String chain, List<Expr> rule);
    }

    /** All tables of all families go. */
    private static final byte[] FLUSH = new Bytes()
            .raw(message(BATCH_BEGIN, Nftables.SUBSYSTEM))
            .raw(message(DELTABLE, 0))
            .raw(message(BATCH_END, Nftables.SUBSYSTEM))
            .toBytes();

    /** A batch, and the errors that were the answer. */
    private record Told(Kernel kernel, int namespace, byte[] request, List<Integer> errors) {}

    /**
     * All of them. Without the direction of a flow, or its source, nothing else becomes of any packet: that nothing comes
     * with another source has been seen to before. Nor without the interface of a jump alone: its flows have it too.
     */
    public static final List<NftMutant> ALL = List.of(
            rule("source read where the destination is", patch("payload 1 (12|8)", 3, at -> at == 12 ? 16 : 24)),
            rule("destination read where the source is", patch("payload 1 (16|24)", 3, at -> at == 16 ? 12 : 8)),
            rule("source port read for the port", patch("payload 2 2", 3, at -> 0)),
            rule(
                    "protocols never looked at",
                    (chain, rule) -> rule.stream().anyMatch(one -> one.key.startsWith("payload 2"))
                            ? rule
                            : without("meta 16|ct 10").of(chain, rule)),
            rule("protocol of the flow for that of the packet", patch("meta 16", 2, key -> 15)),
            rule("ports never looked at", without("payload 2 2|ct 12")),
            rule("listed address never looked at", without("ct 2[02]")),
            rule("address of the answers for the listed one", patch("ct 2[02]", 3, direction -> 1, true)),
            rule("port of the answers for the listed one", patch("ct 12", 3, direction -> 1, true)),
            rule("direction the other way round", negated("ct 1")),
            rule("answers for what was sent first", patch("ct 20", 2, key -> 19)),
            rule("states never looked at", without("ct 0")),
            rule("states that it must not have", negated("ct 0")),
            rule("a first packet that it must be", negated("payload 2 13")),
            rule("first packets never looked at", without("payload 2 13")),
            rule("incoming interface never looked at", without("meta 6")),
            rule("incoming interface for the outgoing one", patch("meta 7", 2, key -> 6)),
            rule("outgoing interface never looked at", without("meta 7")),
            rule("an interface's name to its end", interfaces()),
            rule("RETURN for DROP", verdict(0, RETURN)),
            rule("DROP for RETURN", verdict(RETURN, 0)),
            rule("RETURN for ACCEPT", verdict(1, RETURN)),
            rule("ACCEPT for DROP", verdict(0, 1)),
            rule("what is refused is dropped", refusals()),
            rule("a rate that drops what is within", patch("limit", 5, flags -> 0)),
            rule("a rate in a set that drops what is within", counted("limit", 5)),
            rule("a count that drops what is within", patch("connlimit", 2, flags -> 0)),
            rule("a count in a set that drops what is within", counted("connlimit", 2)),
            rule("rates never looked at", without("dynset|limit", "dynset|limit")),
            rule("sets without the interface", asked(NAMED, "meta [67]"), 12, keys(NAMED, 0, IFNAMSIZ)),
            rule(
                    "jumps without the address",
                    asked(MEMBERS, "payload 1 .*"),
                    12,
                    keys(MEMBERS, IFNAMSIZ, Integer.MAX_VALUE)),
            rule("flows never asked for", withoutLookup("OPENSHELL-[A-Z]+-flows")),
            rule(
                    "sets never asked",
                    (chain, rule) -> rule.stream().anyMatch(one -> one.key.startsWith("lookup")) ? List.of() : rule),
            rule("forwarded packets looked at where they come to the host", (chain, rule) -> rule, 3, hooks(2, 1)),
            rule("packets for the host looked at where others are forwarded", (chain, rule) -> rule, 3, hooks(1, 2)),
            rule("raw behind the tracking of flows", (chain, rule) -> rule, 3, priorities(-300, 300)));

    private final String name;
    private final Change change;
    private final int type;
    private final UnaryOperator<byte[]> other;
    private final List<Told> told = new ArrayList<>();
    private boolean changed;

    private NftMutant(String name, Change change, int type, UnaryOperator<byte[]> other) {
        this.name = name;
        this.change = change;
        this.type = Nftables.SUBSYSTEM << 8 | type;
        this.other = other;
    }

    private static NftMutant rule(String name, Change change) {
        return rule(name, change, 0, attributes -> attributes);
    }

    /** One that changes the attributes of messages of another type as well. */
    private static NftMutant rule(String name, Change change, int type, UnaryOperator<byte[]> other) {
        return new NftMutant(name, change, type, other);
    }

    /** Returns a kernel that keeps in mind what its nf_tables are told. */
    public Kernel over(Kernel kernel) {
        Map<Object, Object> sockets = new HashMap<>();
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    Object result;
                    try {
                        result = method.invoke(kernel, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                    switch (method.getName()) {
                        case "openNetlink" -> sockets.put(result, arguments[0]);
                        case "netfilter" -> tell(kernel, arguments[0], (byte[]) arguments[1], (byte[]) result);
                        case "exchange" ->
                            tell(kernel, sockets.get(arguments[0]), (byte[]) arguments[1], (byte[]) result);
                        default -> {
                            // Nothing for nf_tables.
                        }
                    }
                    return result;
                });
    }

    private void tell(Kernel kernel, Object namespace, byte[] request, byte[] answer) {
        if (Nftables.isBatch(Message.split(request))) {
            told.add(new Told(kernel, (int) namespace, request, errors(answer)));
        }
    }

    /**
     * Puts what this makes of all that nf_tables were told in the place of what they made of it themselves: whoever reads
     * rules back would have found it out before.
     */
    public void load() {
        told.forEach(one -> one.kernel.netfilter(one.namespace, FLUSH));
        for (Told one : told) {
            List<Integer> errors = errors(one.kernel.netfilter(one.namespace, changed(one.request)));
            if (!errors.equals(one.errors)) {
                throw new IllegalStateException(this + ": refused, which proves nothing: " + errors);
            }
        }
    }

    private static List<Integer> errors(byte[] answer) {
        return Message.split(answer).stream()
                .map(message -> Bytes.read(message.payload()).getInt())
                .toList();
    }

    private static byte[] message(int type, int nfgenmsg) {
        return new Bytes()
                .u32(Message.HEADER + NFGENMSG)
                .u16(type)
                .u16(Message.NLM_F_REQUEST)
                .u32(1)
                .u32(0)
                .u8(0, 0, nfgenmsg >>> 8, nfgenmsg)
                .toBytes();
    }

    private byte[] changed(byte[] request) {
        Bytes out = new Bytes();
        for (Message message : Message.split(request)) {
            byte[] payload = changed(message);
            out.u32(Message.HEADER + payload.length)
                    .u16(message.type())
                    .u16(message.flags())
                    .u32(message.sequence())
                    .u32(message.port())
                    .raw(payload)
                    .padded();
        }
        return out.toBytes();
    }

    private byte[] changed(Message message) {
        byte[] attributes = message.attributes(NFGENMSG);
        byte[] after = attributes;
        if (message.type() == NEWRULE) {
            String chain = new Attrs(attributes).text(2);
            after = attribute(attributes, 4, list -> changed(chain, list));
        } else if (message.type() == type && (type == NEWCHAIN || type == NEWSETELEM)) {
            after = other.apply(attributes);
        }
        changed |= !Arrays.equals(after, attributes);
        return new Bytes()
                .raw(Arrays.copyOf(message.payload(), NFGENMSG))
                .raw(after)
                .toBytes();
    }

    private byte[] changed(String chain, byte[] list) {
        List<Expr> rule = new Attrs(list).list().stream().map(Expr::of).toList();
        List<Expr> after = change.of(chain, rule);
        if (after.equals(rule)) {
            return list;
        }
        Bytes out = new Bytes();
        after.forEach(one -> out.attribute(1 | Attrs.NESTED, one.raw));
        return out.toBytes();
    }

    /** Returns one that changes nothing. */
    public static NftMutant none() {
        return rule("sound", (chain, rule) -> rule);
    }

    /** Returns another one with nothing in mind. */
    public NftMutant fresh() {
        return new NftMutant(name, change, type & 0xff, other);
    }

    /** Returns whether any message came out other than it should. */
    public boolean isChanging() {
        return changed;
    }

    @Override
    public String toString() {
        return name;
    }

    /** Returns {@code raw} with what is made of the values of one type. */
    private static byte[] attribute(byte[] raw, int type, UnaryOperator<byte[]> change) {
        Bytes out = new Bytes();
        ByteBuffer in = Bytes.read(raw);
        for (int at = 0; at + 4 <= raw.length; ) {
            int length = in.getShort(at) & 0xffff;
            int kind = in.getShort(at + 2) & 0xffff;
            byte[] value = Arrays.copyOfRange(raw, at + 4, at + length);
            out.attribute(kind, (kind & TYPE_MASK) == type ? change.apply(value) : value);
            at += Bytes.align(length);
        }
        return out.toBytes();
    }

    private static byte[] number(byte[] raw, int type, IntUnaryOperator change) {
        return attribute(
                raw,
                type,
                value -> value.length == 4
                        ? Attrs.be32(change.applyAsInt(ByteBuffer.wrap(value).getInt()))
                        : new byte[] {(byte) change.applyAsInt(value[0])});
    }

    private static Change each(String pattern, UnaryOperator<Expr> change) {
        return (chain, rule) -> rule.stream()
                .map(one -> one.key.matches(pattern) ? change.apply(one) : one)
                .toList();
    }

    private static Change patch(String pattern, int type, IntUnaryOperator change) {
        return each(pattern, one -> one.with(type, change));
    }

    /** The same, where another number of the rule says that it is about the packets of one direction only. */
    private static Change patch(String pattern, int type, IntUnaryOperator change, boolean directed) {
        Change patch = patch(pattern, type, change);
        return (chain, rule) ->
                rule.stream().anyMatch(one -> one.key.equals("ct 1")) == directed ? patch.of(chain, rule) : rule;
    }

    /** Leaves out what is loaded, and what it is compared with. */
    private static Change without(String pattern) {
        return without(pattern, "cmp");
    }

    /** Leaves out all from one expression to another. */
    private static Change without(String from, String to) {
        return (chain, rule) -> {
            List<Expr> left = new ArrayList<>();
            boolean leaving = false;
            for (Expr one : rule) {
                leaving |= one.key.matches(from);
                if (!leaving) {
                    left.add(one);
                }
                leaving &= !one.key.matches(to);
            }
            return left;
        };
    }

    /** Turns round the comparison behind what is loaded. */
    private static Change negated(String pattern) {
        return (chain, rule) -> {
            List<Expr> all = new ArrayList<>();
            boolean next = false;
            for (Expr one : rule) {
                next |= one.key.matches(pattern);
                boolean here = next && one.key.equals("cmp");
                all.add(here ? one.with(2, operation -> 1 - operation) : one);
                next &= !here;
            }
            return all;
        };
    }

    /** Compares a name's beginning with all of a name. */
    private static Change interfaces() {
        return (chain, rule) -> {
            List<Expr> all = new ArrayList<>();
            String before = "";
            for (Expr one : rule) {
                boolean name = before.matches("meta [67]") && one.key.equals("cmp");
                all.add(
                        name
                                ? Expr.of(attribute(
                                        one.raw,
                                        2,
                                        data -> attribute(
                                                data,
                                                3,
                                                value -> attribute(
                                                        value, 1, letters -> Arrays.copyOf(letters, IFNAMSIZ)))))
                                : one);
                before = one.key;
            }
            return all;
        };
    }

    private static Change verdict(int from, int to) {
        return each(
                "immediate",
                one -> Expr.of(attribute(
                        one.raw,
                        2,
                        data -> attribute(
                                data,
                                2,
                                value -> attribute(
                                        value, 2, verdict -> number(verdict, 1, code -> code == from ? to : code))))));
    }

    private static Change refusals() {
        return each("reject", one -> Expr.of(NftExpr.drop()));
    }

    private static Change counted(String limit, int flags) {
        return each(
                "dynset",
                one -> Expr.of(attribute(
                        one.raw,
                        2,
                        data -> attribute(
                                data,
                                7,
                                inner -> new Attrs(inner).text(1).equals(limit)
                                        ? attribute(inner, 2, numbers -> number(numbers, flags, any -> 0))
                                        : inner))));
    }

    /** Takes out the look-ups in sets of such names. */
    private static Change withoutLookup(String sets) {
        return (chain, rule) ->
                rule.stream().filter(one -> !one.key.matches("lookup " + sets)).toList();
    }

    /** Asks sets of such names with nothing in the place of what is loaded by {@code load}. */
    private static Change asked(String sets, String load) {
        return (chain, rule) -> {
            List<Expr> after = new ArrayList<>();
            for (int at = 0; at < rule.size(); at++) {
                Expr one = rule.get(at);
                boolean before = rule.stream()
                        .skip(at)
                        .filter(each -> each.key.startsWith("lookup"))
                        .findFirst()
                        .filter(each -> each.key.matches("lookup " + sets))
                        .isPresent();
                boolean blank = before && one.key.matches(load);
                after.add(blank ? Expr.of(NftExpr.immediate(one.register(), new byte[one.length()])) : one);
            }
            return after;
        };
    }

    private static UnaryOperator<byte[]> keys(String sets, int from, int to) {
        UnaryOperator<byte[]> blank = element(element -> attribute(
                element,
                1,
                key -> attribute(key, 1, bytes -> {
                    byte[] without = bytes.clone();
                    Arrays.fill(without, from, Math.min(to, bytes.length), (byte) 0);
                    return without;
                })));
        return attributes -> new Attrs(attributes).text(2).matches(sets) ? blank.apply(attributes) : attributes;
    }

    private static UnaryOperator<byte[]> element(UnaryOperator<byte[]> change) {
        return attributes -> attribute(attributes, 3, list -> attribute(list, 1, change));
    }

    private static UnaryOperator<byte[]> hooks(int from, int to) {
        return attributes -> attribute(attributes, 4, hook -> number(hook, 1, number -> number == from ? to : number));
    }

    private static UnaryOperator<byte[]> priorities(int from, int to) {
        return attributes -> attribute(attributes, 4, hook -> number(hook, 2, number -> number == from ? to : number));
    }
}
