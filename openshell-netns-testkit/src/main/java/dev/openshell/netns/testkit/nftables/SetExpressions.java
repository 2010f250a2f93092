package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;
import java.util.ArrayList;
import java.util.List;

/** The expressions that use sets: lookup and dynset. */
final class SetExpressions {
    private static final int INV = 1;
    private static final int DELETE = 2;
    private static final int DEFAULT_SIZE = 0xffff;

    private SetExpressions() {}

    static Expression lookup(Attrs data, NfTable table, Loaded loaded) {
        NfSet set = table.set(data, 1, 4);
        int from = loaded.from(data.u32(2), set.keyLength);
        boolean inverted = (data.u32(5, 0) & INV) != 0;
        boolean maps = data.has(3);
        int register = maps ? data.u32(3) : -1;
        if (maps && (inverted || !set.is(NfSet.MAP))) {
            throw new NetException(NetException.EINVAL, "");
        }
        if (maps && register != 0) {
            loaded.to(register, set.made.u32(7, 0));
        }
        return new Expression() {
            @Override
            public Verdict run(Registers registers, Context context) {
                NfSet now = context.table().set(set.name);
                NfSet.Element found = now.find(registers.get(from, set.keyLength), context.now());
                if (found == null == !inverted) {
                    return Verdict.BREAK;
                }
                if (found == null) {
                    return Verdict.CONTINUE;
                }
                for (Expression expression : found.expressions()) {
                    if (expression.run(registers, context) == Verdict.BREAK) {
                        return Verdict.BREAK;
                    }
                }
                if (maps && register == 0 && found.verdict() != null) {
                    return found.verdict();
                }
                if (maps && found.data() != null) {
                    registers.put(Registers.offset(register, found.data().length), found.data());
                }
                return Verdict.CONTINUE;
            }

            @Override
            public String set() {
                return set.name;
            }

            @Override
            public boolean decides() {
                return true;
            }
        };
    }

    static Expression dynset(Attrs data, NfTable table, Loaded loaded) {
        NfSet set = table.set(data, 1, 2);
        int op = data.u32(3);
        if (op < 0 || op > DELETE) {
            throw new NetException(NetException.EOPNOTSUPP, "");
        }
        if (op == DELETE || data.has(5)) {
            throw new UnsupportedOperationException("dynset that deletes or adds data");
        }
        if (!set.is(NfSet.EVAL)) {
            // Linux goes by how it happens to keep the set.
            throw new UnsupportedOperationException("dynset of a set without NFT_SET_EVAL");
        }
        int from = loaded.from(data.u32(4), set.keyLength);
        if (set.most == 0) {
            set.most = DEFAULT_SIZE;
        }
        if (data.has(6) && !set.is(NfSet.TIMEOUT)) {
            throw new NetException(NetException.EOPNOTSUPP, "");
        }
        long timeout = data.u64(6, set.timeout);
        boolean update = op == 1;
        boolean inverted = (data.u32(9, 0) & INV) != 0;
        List<byte[]> templates = new ArrayList<>();
        if (data.has(7)) {
            templates.add(data.need(7));
        } else if (data.has(10)) {
            templates.addAll(data.nested(10).list());
        }
        templates.forEach(one -> Expressions.one(one, table));
        return new Expression() {
            @Override
            public Verdict run(Registers registers, Context context) {
                NfSet now = context.table().set(set.name);
                byte[] key = registers.get(from, set.keyLength);
                NfSet.Element found = now.same(key, 0, context.now());
                if (found == null) {
                    now.elements.removeIf(e -> !e.lives(context.now()));
                    if (now.most > 0 && now.elements.size() >= now.most) {
                        return inverted ? Verdict.CONTINUE : Verdict.BREAK;
                    }
                    List<Expression> own = new ArrayList<>();
                    templates.forEach(one -> own.add(Expressions.one(one, context.table())));
                    found = new NfSet.Element(
                            key, null, null, null, 0, timeout, NfSet.expiry(timeout, context.now()), new byte[0], own);
                    now.elements.add(found);
                } else if (update && timeout != 0) {
                    NfSet.Element old = found;
                    found = new NfSet.Element(
                            key,
                            null,
                            old.data(),
                            old.verdict(),
                            old.flags(),
                            timeout,
                            NfSet.expiry(timeout, context.now()),
                            old.userdata(),
                            old.expressions());
                    now.elements.set(now.elements.indexOf(old), found);
                }
                for (Expression expression : found.expressions()) {
                    if (expression.run(registers, context) == Verdict.BREAK) {
                        return Verdict.BREAK;
                    }
                }
                return inverted ? Verdict.BREAK : Verdict.CONTINUE;
            }

            @Override
            public String set() {
                return set.name;
            }
        };
    }
}
