package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Bytes;
import dev.openshell.netns.testkit.packet.CtState;
import dev.openshell.netns.testkit.ruleset.Hook;
import dev.openshell.netns.testkit.ruleset.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads expressions (NFTA_EXPR_NAME, NFTA_EXPR_DATA). */
final class Expressions {
    private Expressions() {}

    /** Reads a list of them for a rule in {@code table}. */
    static List<Expression> read(byte[] list, NfTable table) {
        List<Expression> all = new ArrayList<>();
        Loaded loaded = new Loaded();
        for (byte[] one : new Attrs(list).list()) {
            all.add(one(one, table, loaded));
        }
        return all;
    }

    /** Reads one that stands alone, in an element of a set. */
    static Expression one(byte[] raw, NfTable table) {
        return one(raw, table, new Loaded());
    }

    private static Expression one(byte[] raw, NfTable table, Loaded loaded) {
        Attrs expression = new Attrs(raw);
        String name = expression.text(1);
        Attrs data = new Attrs(expression.has(2) ? expression.need(2) : new byte[0]);
        return switch (name) {
            case "immediate" -> immediate(data, loaded);
            case "cmp" -> cmp(data, loaded);
            case "range" -> range(data, loaded);
            case "bitwise" -> bitwise(data, loaded);
            case "meta" -> meta(data, loaded);
            case "payload" -> payload(data, loaded);
            case "ct" -> ct(data, table, loaded);
            case "lookup" -> SetExpressions.lookup(data, table, loaded);
            case "dynset" -> SetExpressions.dynset(data, table, loaded);
            case "reject" -> Rejects.of(data, table.family);
            case "masq" -> masq(data);
            case "counter" -> new Counting.Counter(data);
            case "limit" -> new Counting.Limit(data);
            case "connlimit" -> new Counting.Connlimit(data);
            case "notrack" ->
                (registers, context) -> {
                    if (!context.skb().answersUntracked) {
                        context.skb().untracked = true;
                        context.skb().state = CtState.UNTRACKED;
                    }
                    return Verdict.CONTINUE;
                };
            default -> throw new UnsupportedOperationException("nf_tables expression '" + name + "'");
        };
    }

    private static Expression immediate(Attrs data, Loaded loaded) {
        int register = data.u32(1);
        Attrs value = data.nested(2);
        if (register == 0) {
            Verdict verdict = Verdict.read(value.nested(2));
            return new Expression() {
                @Override
                public Verdict run(Registers registers, Context context) {
                    return verdict;
                }

                @Override
                public List<String> chains() {
                    return verdict.chain().isEmpty() ? List.of() : List.of(verdict.chain());
                }
            };
        }
        byte[] bytes = value.need(1);
        int to = loaded.to(register, bytes.length);
        return (registers, context) -> {
            registers.put(to, bytes);
            return Verdict.CONTINUE;
        };
    }

    private static Verdict on(boolean matches) {
        return matches ? Verdict.CONTINUE : Verdict.BREAK;
    }

    private static Expression cmp(Attrs data, Loaded loaded) {
        byte[] wanted = data.nested(3).need(1);
        int from = loaded.from(data.u32(1), wanted.length);
        int op = data.u32(2);
        if (op < 0 || op > 5) {
            throw new NetException(NetException.EINVAL, "");
        }
        return (registers, context) -> {
            int order = Arrays.compareUnsigned(registers.get(from, wanted.length), wanted);
            return on(
                    switch (op) {
                        case 0 -> order == 0;
                        case 1 -> order != 0;
                        case 2 -> order < 0;
                        case 3 -> order <= 0;
                        case 4 -> order > 0;
                        default -> order >= 0;
                    });
        };
    }

    private static Expression range(Attrs data, Loaded loaded) {
        byte[] low = data.nested(3).need(1);
        byte[] high = data.nested(4).need(1);
        int op = data.u32(2);
        if (low.length != high.length || op < 0 || op > 1) {
            throw new NetException(NetException.EINVAL, "");
        }
        int from = loaded.from(data.u32(1), low.length);
        return (registers, context) -> {
            byte[] value = registers.get(from, low.length);
            boolean inside = Arrays.compareUnsigned(value, low) >= 0 && Arrays.compareUnsigned(value, high) <= 0;
            return on(inside == (op == 0));
        };
    }

    private static Expression bitwise(Attrs data, Loaded loaded) {
        if (data.u32(6, 0) != 0) {
            throw new UnsupportedOperationException("bitwise operation " + data.u32(6));
        }
        int length = data.u32(3);
        byte[] mask = data.nested(4).need(1);
        byte[] xor = data.nested(5).need(1);
        if (mask.length != length || xor.length != length) {
            throw new NetException(NetException.EINVAL, "");
        }
        int from = loaded.from(data.u32(1), length);
        int to = loaded.to(data.u32(2), length);
        return (registers, context) -> {
            byte[] value = registers.get(from, length);
            for (int i = 0; i < length; i++) {
                value[i] = (byte) (value[i] & mask[i] ^ xor[i]);
            }
            registers.put(to, value);
            return Verdict.CONTINUE;
        };
    }

    private static Expression meta(Attrs data, Loaded loaded) {
        int key = data.u32(2);
        int length = MetaKeys.metaLength(key);
        if (data.has(1) == data.has(3)) {
            throw new NetException(NetException.EINVAL, "");
        }
        if (data.has(3)) {
            if (key != MetaKeys.MARK) {
                throw new UnsupportedOperationException("meta key " + key + " to be set");
            }
            int from = loaded.from(data.u32(3), length);
            return (registers, context) -> {
                context.skb().mark = Bytes.read(registers.get(from, 4)).getInt();
                return Verdict.CONTINUE;
            };
        }
        int to = loaded.to(data.u32(1), length);
        return (registers, context) -> {
            registers.put(to, MetaKeys.meta(key, context.skb()));
            return Verdict.CONTINUE;
        };
    }

    private static Expression payload(Attrs data, Loaded loaded) {
        if (data.has(5)) {
            throw new UnsupportedOperationException("payload to be written");
        }
        int base = data.u32(2);
        int offset = data.u32(3);
        int length = data.u32(4);
        int to = loaded.to(data.u32(1), length);
        return (registers, context) -> {
            byte[] value = PacketBytes.load(context.skb().header, base, offset, length);
            if (value == null) {
                return Verdict.BREAK;
            }
            registers.put(to, value);
            return Verdict.CONTINUE;
        };
    }

    private static Expression ct(Attrs data, NfTable table, Loaded loaded) {
        int key = data.u32(2);
        if (data.has(4)) {
            throw new UnsupportedOperationException("ct key " + key + " to be set");
        }
        int length = MetaKeys.ctLength(key, data.has(3), table.family);
        boolean replied = data.u8(3, 0) == 1;
        int to = loaded.to(data.u32(1), length);
        return (registers, context) -> {
            byte[] value = MetaKeys.ct(key, replied, context.skb());
            if (value == null) {
                return Verdict.BREAK;
            }
            registers.put(to, value);
            return Verdict.CONTINUE;
        };
    }

    private static Expression masq(Attrs data) {
        if (data.has(2) || data.u32(1, 0) != 0) {
            throw new UnsupportedOperationException("masq with flags or ports");
        }
        return new Expression() {
            @Override
            public Verdict run(Registers registers, Context context) {
                return Verdict.of(new Outcome.Masquerade(0, 0));
            }

            @Override
            public void check(NfChain.Base base) {
                if (!base.type().equals("nat") || base.hook() != Hook.POSTROUTING) {
                    throw new NetException(NetException.EOPNOTSUPP, "");
                }
            }
        };
    }
}
