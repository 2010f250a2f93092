package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.netlink.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/** Writes what there is as Linux does in answers. */
final class Dumps {
    /** NFT_DATA_VERDICT, and how long Linux says it is. */
    private static final int VERDICT = 0xffffff00;

    private static final int VERDICT_LENGTH = 16;

    private final int generation;
    private final Instant now;

    Dumps(int generation, Instant now) {
        this.generation = generation;
        this.now = now;
    }

    private Bytes header(int family) {
        return new Bytes().u8(family, 0, generation >>> 8 & 0xff, generation & 0xff);
    }

    byte[] generation() {
        return header(0).attribute(1, Attrs.be32(generation)).toBytes();
    }

    byte[] table(NfTable table) {
        Bytes out = header(table.family)
                .attribute(1, Attrs.string(table.name))
                .attribute(3, Attrs.be32(table.uses()))
                .attribute(4, Attrs.be64(table.handle))
                .attribute(2, Attrs.be32(table.flags));
        if (table.owner != 0) {
            out.attribute(7, Attrs.be32((int) table.owner));
        }
        return optional(out, 6, table.userdata).toBytes();
    }

    private static Bytes optional(Bytes out, int type, byte[] value) {
        return value.length == 0 ? out : out.attribute(type, value);
    }

    byte[] chain(NfTable table, NfChain chain) {
        Bytes out = header(table.family)
                .attribute(1, Attrs.string(table.name))
                .attribute(3, Attrs.string(chain.name))
                .attribute(2, Attrs.be64(chain.handle));
        NfChain.Base base = chain.base;
        if (base != null) {
            Bytes hook = new Bytes()
                    .attribute(1, Attrs.be32(base.hook().ordinal()))
                    .attribute(2, Attrs.be32(base.priority()));
            out.attribute(4, hook.toBytes())
                    .attribute(5, Attrs.be32(chain.accepts ? 1 : 0))
                    .attribute(7, Attrs.string(base.type()))
                    .attribute(10, Attrs.be32(1));
        }
        out.attribute(6, Attrs.be32(chain.rules.size() + table.uses(chain)));
        return optional(out, 12, chain.userdata).toBytes();
    }

    byte[] rule(NfTable table, NfChain chain, int index) {
        NfRule rule = chain.rules.get(index);
        Bytes out = header(table.family)
                .attribute(1, Attrs.string(table.name))
                .attribute(2, Attrs.string(chain.name))
                .attribute(3, Attrs.be64(rule.handle()));
        if (index > 0) {
            out.attribute(6, Attrs.be64(chain.rules.get(index - 1).handle()));
        }
        out.attribute(4, expressions(rule));
        return optional(out, 7, rule.userdata()).toBytes();
    }

    /** Returns the expressions as they came, with what counters have counted since. */
    private static byte[] expressions(NfRule rule) {
        Bytes out = new Bytes();
        int at = 0;
        for (byte[] raw : new Attrs(rule.raw()).list()) {
            Expression expression = rule.expressions().get(at++);
            byte[] one = Canonical.of(raw, expression.set());
            out.attribute(1, expression instanceof Counting.Counter counter ? counter(counter) : one);
        }
        return out.toBytes();
    }

    private static byte[] counter(Counting.Counter counter) {
        Bytes data = new Bytes().attribute(1, Attrs.be64(0)).attribute(2, Attrs.be64(counter.packets));
        return new Bytes()
                .attribute(1, Attrs.string("counter"))
                .attribute(2, data.toBytes())
                .toBytes();
    }

    byte[] set(NfTable table, NfSet set) {
        Bytes out = header(table.family)
                .attribute(1, Attrs.string(table.name))
                .attribute(2, Attrs.string(set.name))
                .attribute(16, Attrs.be64(set.handle));
        for (int type : new int[] {3, 4, 5, 6, 7, 11, 12, 13, 9, 17, 18}) {
            byte[] value = set.made.raw(type);
            if (type == 9) {
                out.attribute(9, description(set));
                continue;
            }
            if (type == 7 && set.made.u32(6, 0) == VERDICT) {
                // Also where whoever made it did not say how long.
                value = Attrs.be32(VERDICT_LENGTH);
            }
            if (type == 17 && value != null && new Attrs(value).text(1).equals("counter")) {
                value = counter(new Counting.Counter(new Attrs(new byte[0])));
            }
            boolean zero = value != null && type == 3 && set.flags == 0;
            if (value != null && !zero) {
                out.attribute(type, value);
            }
        }
        return out.toBytes();
    }

    /** Returns NFTA_SET_DESC: its size and the lengths of the parts of a key. */
    private static byte[] description(NfSet set) {
        Bytes out = new Bytes();
        if (set.most > 0) {
            out.attribute(1, Attrs.be32(set.most));
        }
        if (set.made.has(9) && set.made.nested(9).has(2)) {
            out.attribute(2, set.made.nested(9).need(2));
        }
        return out.toBytes();
    }

    byte[] elements(NfTable table, NfSet set) {
        Bytes list = new Bytes();
        for (NfSet.Element element : set.elements) {
            if (element.lives(now)) {
                list.attribute(1, element(set, element));
            }
        }
        return header(table.family)
                .attribute(1, Attrs.string(table.name))
                .attribute(2, Attrs.string(set.name))
                .attribute(3, list.toBytes())
                .toBytes();
    }

    private byte[] element(NfSet set, NfSet.Element element) {
        Bytes out =
                new Bytes().attribute(1, new Bytes().attribute(1, element.key()).toBytes());
        byte[] end = element.keyEnd();
        if (end != null) {
            out.attribute(10, new Bytes().attribute(1, end).toBytes());
        }
        byte[] data = element.data();
        if (data != null) {
            out.attribute(2, new Bytes().attribute(1, data).toBytes());
        }
        Verdict verdict = element.verdict();
        if (verdict != null) {
            out.attribute(2, Canonical.verdict(verdict));
        }
        if (element.expressions().size() == 1 && element.expressions().get(0) instanceof Counting.Counter counter) {
            out.attribute(7, counter(counter));
        }
        if (element.flags() != 0) {
            out.attribute(3, Attrs.be32(element.flags()));
        }
        if (element.expires() != null) {
            long left = Duration.between(now, Objects.requireNonNull(element.expires()))
                    .toMillis();
            if (element.timeout() != set.timeout) {
                out.attribute(4, Attrs.be64(element.timeout()));
            }
            out.attribute(5, Attrs.be64(left));
        }
        return optional(out, 6, element.userdata()).toBytes();
    }
}
