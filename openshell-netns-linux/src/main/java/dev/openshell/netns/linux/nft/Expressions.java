package dev.openshell.netns.linux.nft;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.linux.netlink.Attributes;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/** Writes a rule as expressions of nf_tables, in the attributes and the order in which the kernel shows them again. */
final class Expressions {
    static final int REG_VERDICT = 0;
    static final int REG_1 = 1;
    static final int REG_2 = 2;
    private static final int REG32_00 = 8;
    private static final int REGISTER = 16;
    static final int EQ = 0;
    static final int NEQ = 1;
    static final int NETWORK = 1;
    static final int TRANSPORT = 2;
    static final int META_IIFNAME = 6;
    static final int META_OIFNAME = 7;
    static final int META_L4PROTO = 16;
    static final int CT_STATE = 0;
    static final int CT_DIRECTION = 1;
    static final int CT_PROTOCOL = 10;
    static final int CT_PROTO_DST = 12;
    static final int CT_SRC_IP = 19;
    static final int CT_DST_IP = 20;
    static final int CT_SRC_IP6 = 21;
    static final int CT_DST_IP6 = 22;
    static final int DROP = 0;
    static final int ACCEPT = 1;
    static final int JUMP = -3;
    static final int RETURN = -5;
    static final int IFNAMSIZ = 16;
    /** FIN, SYN, RST and ACK. */
    private static final int SYN_FLAGS = 0x17;

    private static final int SYN = 2;
    static final int NONE = -1;
    private static final int LIST_ELEM = 1;

    private final Family family;
    private final Attributes out = new Attributes();

    Expressions(Family family) {
        this.family = family;
    }

    /** Returns the list of expressions that {@code rule} is. */
    static byte[] of(NftRule rule, Family family) {
        Expressions expressions = new Expressions(family);
        expressions.all(rule);
        return expressions.out.toBytes();
    }

    byte[] toBytes() {
        return out.toBytes();
    }

    /** Returns the register of the byte {@code at} of a key that begins with the first, as the kernel shows it. */
    static int register(int at) {
        return at % REGISTER == 0 ? REG_1 + at / REGISTER : REG32_00 + at / 4;
    }

    /** Goes on where the set has what the fields of {@code key} are. */
    void isIn(Key key, String set) {
        key.load(this, family);
        add("lookup", data -> data.string(1, set).be32(2, REG_1).be32(5, 0));
    }

    /** Goes on where {@code limit} is passed, by what is counted in {@code set}. */
    void isBeyond(Limit limit, String set) {
        limit.by().load(this, family);
        Consumer<Attributes> most = limit.rate()
                ? above(limit.above(), limit.burst())
                : data -> data.be32(1, limit.above()).be32(2, 1);
        add("dynset", data -> data.be32(4, REG_1)
                .be32(3, limit.rate() ? 1 : 0)
                .string(1, set)
                .nest(7, expression -> expression
                        .string(1, limit.rate() ? "limit" : "connlimit")
                        .nest(2, most)));
    }

    void states(int states) {
        ct(CT_STATE, NONE);
        mask(nativeOrder(states));
        compare(NEQ, nativeOrder(0));
    }

    void direction(int direction) {
        ct(CT_DIRECTION, NONE);
        compare(EQ, (byte) direction);
    }

    void source(int register) {
        payload(NETWORK, sourceOffset(), family.bits() / 8, register);
    }

    void destination(int register) {
        payload(NETWORK, destinationOffset(), family.bits() / 8, register);
    }

    void portOf(int register) {
        payload(TRANSPORT, 2, 2, register);
    }

    void flowSource(int register) {
        flow(family == Family.IPV4 ? CT_SRC_IP : CT_SRC_IP6, register, 0);
    }

    void flowDestination(int register) {
        flow(family == Family.IPV4 ? CT_DST_IP : CT_DST_IP6, register, 0);
    }

    private void all(NftRule rule) {
        address(rule.source, sourceOffset());
        address(rule.destination, destinationOffset());
        name(META_IIFNAME, rule.incoming);
        name(META_OIFNAME, rule.outgoing);
        if (rule.protocol >= 0) {
            meta(META_L4PROTO, REG_1);
            compare(EQ, (byte) rule.protocol);
        }
        if (rule.port >= 0) {
            payload(TRANSPORT, 2, 2, REG_1);
            compare(EQ, port(rule.port));
        }
        if (rule.tracked != null) {
            tracked(rule.tracked);
        }
        if (rule.noSyn) {
            payload(TRANSPORT, 13, 1, REG_1);
            mask((byte) SYN_FLAGS);
            compare(NEQ, (byte) SYN);
        }
        NftRule.Rate rate = rule.rate;
        if (rate != null) {
            requireAll(rate.each());
            add("limit", above(rate.above(), rate.burst()));
        }
        NftRule.Connections connections = rule.connections;
        if (connections != null) {
            requireAll(connections.each());
            add("connlimit", data -> data.be32(1, connections.above()).be32(2, 1));
        }
        if (rule.counts()) {
            add("counter", data -> data.be64(1, 0).be64(2, 0));
        }
        target(rule.target);
    }

    private void tracked(NftRule.Tracked flow) {
        if (flow.states() != 0) {
            states(flow.states());
        }
        if (flow.protocol() >= 0) {
            ct(CT_PROTOCOL, NONE);
            compare(EQ, (byte) flow.protocol());
        }
        boolean ipv4 = family == Family.IPV4;
        if (flow.source() != null) {
            ct(ipv4 ? CT_SRC_IP : CT_SRC_IP6, 0);
            compare(EQ, bytes(flow.source(), family));
        }
        if (flow.destination() != null) {
            ct(ipv4 ? CT_DST_IP : CT_DST_IP6, 0);
            compare(EQ, bytes(flow.destination(), family));
        }
        if (flow.port() >= 0) {
            ct(CT_PROTO_DST, 0);
            compare(EQ, port(flow.port()));
        }
        if (flow.direction() >= 0) {
            direction(flow.direction());
        }
    }

    private static Consumer<Attributes> above(int rate, int burst) {
        return data -> data.be64(1, rate).be64(2, 1).be32(3, burst).be32(4, 0).be32(5, 1);
    }

    /** Those for each destination on its own are no rules of a chain here: see {@link Limit}. */
    private static void requireAll(boolean each) {
        if (each) {
            throw new IllegalArgumentException("a limit for each destination has no like in this chain");
        }
    }

    Expressions target(String target) {
        switch (target) {
            case "ACCEPT" -> verdict(ACCEPT, "");
            case "DROP" -> verdict(DROP, "");
            case "RETURN" -> verdict(RETURN, "");
            case "MASQUERADE" -> add("masq", data -> {});
            case "REJECT --reject-with tcp-reset" -> add("reject", data -> data.be32(1, 1));
            case "REJECT --reject-with icmp-port-unreachable" -> reject(3);
            case "REJECT --reject-with icmp6-port-unreachable" -> reject(4);
            default -> verdict(JUMP, target);
        }
        return this;
    }

    private void reject(int code) {
        add("reject", data -> data.be32(1, 0).u8(2, code));
    }

    private void verdict(int code, String chain) {
        add("immediate", data -> data.be32(1, REG_VERDICT).nest(2, value -> verdict(value, code, chain)));
    }

    static void verdict(Attributes out, int code, String chain) {
        out.nest(2, verdict -> {
            verdict.be32(1, code);
            if (!chain.isEmpty()) {
                verdict.string(2, chain);
            }
        });
    }

    private void address(InetAddress address, int offset) {
        if (address != null) {
            payload(NETWORK, offset, family.bits() / 8, REG_1);
            compare(EQ, bytes(address, family));
        }
    }

    /** Returns the bytes of an address, which is to be of the rule's own family: another one would match nothing. */
    static byte[] bytes(InetAddress address, Family family) {
        if (Family.of(address) != family) {
            throw new IllegalArgumentException(InetAddresses.toAddrString(address) + " in a rule of " + family);
        }
        return address.getAddress();
    }

    private void name(int key, String name) {
        if (!name.isEmpty()) {
            meta(key, REG_1);
            compare(EQ, name(name));
        }
    }

    /** Returns what an interface's name is compared with: as many letters as are given where others may follow. */
    static byte[] name(String name) {
        boolean prefix = name.endsWith("+");
        byte[] letters = name.substring(0, name.length() - (prefix ? 1 : 0)).getBytes(StandardCharsets.US_ASCII);
        return prefix ? letters : Arrays.copyOf(letters, IFNAMSIZ);
    }

    private int sourceOffset() {
        return family == Family.IPV4 ? 12 : 8;
    }

    private int destinationOffset() {
        return family == Family.IPV4 ? 16 : 24;
    }

    void meta(int key, int register) {
        add("meta", data -> data.be32(2, key).be32(1, register));
    }

    private void payload(int base, int offset, int length, int register) {
        add(
                "payload",
                data -> data.be32(1, register).be32(2, base).be32(3, offset).be32(4, length));
    }

    private void ct(int key, int direction) {
        flow(key, REG_1, direction);
    }

    void flow(int key, int register, int direction) {
        add("ct", data -> {
            data.be32(1, register).be32(2, key);
            if (direction >= 0) {
                data.u8(3, direction);
            }
        });
    }

    private void mask(byte... mask) {
        add("bitwise", data -> data.be32(1, REG_1)
                .be32(2, REG_1)
                .be32(3, mask.length)
                .be32(6, 0)
                .nest(4, value -> value.bytes(1, mask))
                .nest(5, value -> value.bytes(1, new byte[mask.length])));
    }

    private void compare(int operation, byte... with) {
        add("cmp", data -> data.be32(1, REG_1).be32(2, operation).nest(3, value -> value.bytes(1, with)));
    }

    private void add(String name, Consumer<Attributes> data) {
        out.nest(LIST_ELEM, expression -> expression.string(1, name).nest(2, data));
    }

    private static byte[] port(int port) {
        return ByteBuffer.allocate(2).putShort((short) port).array();
    }

    private static byte[] nativeOrder(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array();
    }
}
