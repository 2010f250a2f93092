package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Message;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The requests about the sets of one table. */
final class SetRequests {
    private static final int ENFILE = 23;
    private static final int KNOWN_FLAGS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x80;

    private final NfTable table;
    private final Instant now;

    SetRequests(NfTable table, Instant now) {
        this.table = table;
        this.now = now;
    }

    void newSet(Message message, Attrs attrs) {
        int flags = attrs.u32(3, 0);
        if ((flags & ~KNOWN_FLAGS) != 0 || attrs.has(15)) {
            throw new UnsupportedOperationException("a set with flags " + flags + " or of objects");
        }
        String name = attrs.text(2);
        attrs.u32(5);
        attrs.u32(10);
        NfSet there = table.sets.get(name);
        if (there != null) {
            if (message.flag(Message.NLM_F_EXCL)) {
                throw new NetException(NetException.EEXIST, "");
            }
            return;
        }
        if (!message.flag(Message.NLM_F_CREATE)) {
            throw new NetException(NetException.ENOENT, "");
        }
        if ((flags & NfSet.MAP) != 0 != attrs.has(6)) {
            throw new NetException(NetException.EINVAL, "");
        }
        if (name.contains("%d")) {
            int free = 0;
            while (table.sets.containsKey(name.replace("%d", "" + free))) {
                free++;
            }
            if (free > 0xffff) {
                throw new NetException(ENFILE, "");
            }
            name = name.replace("%d", "" + free);
        }
        List<Integer> fields = new ArrayList<>();
        int most = 0;
        if (attrs.has(9)) {
            Attrs description = attrs.nested(9);
            most = description.u32(1, 0);
            if (description.has(2)) {
                description.nested(2).list().forEach(field -> fields.add(new Attrs(field).u32(1)));
            }
        }
        NfSet set = new NfSet(name, table.handles.incrementAndGet(), attrs, List.copyOf(fields), most);
        table.sets.put(name, set);
        table.numbered.put(attrs.u32(10), set);
    }

    void deleteSet(Attrs attrs) {
        NfSet set = table.set(attrs.text(2));
        if (table.isUsed(set)) {
            throw new NetException(NetException.EBUSY, "");
        }
        table.sets.remove(set.name);
    }

    private NfSet set(Attrs attrs) {
        NfSet set = table.set(attrs, 2, 4);
        if ((set.is(NfSet.ANONYMOUS) || set.is(NfSet.CONSTANT)) && table.isUsed(set)) {
            throw new NetException(NetException.EBUSY, "");
        }
        return set;
    }

    void newElements(Message message, Attrs attrs) {
        NfSet set = set(attrs);
        for (byte[] raw : attrs.nested(3).list()) {
            NfSet.Element element = element(set, new Attrs(raw));
            NfSet.Element there = set.same(element.key(), element.flags(), now);
            if (there != null) {
                boolean other = !java.util.Arrays.equals(there.data(), element.data())
                        || !java.util.Objects.equals(there.verdict(), element.verdict());
                if (other) {
                    throw new NetException(NetException.EBUSY, "");
                }
                if (message.flag(Message.NLM_F_EXCL)) {
                    throw new NetException(NetException.EEXIST, "");
                }
                continue;
            }
            if (set.most > 0 && set.elements.size() >= set.most) {
                throw new NetException(ENFILE, "");
            }
            set.elements.add(element);
        }
    }

    private NfSet.Element element(NfSet set, Attrs attrs) {
        int flags = attrs.u32(3, 0);
        byte[] key = key(set, attrs);
        byte @Nullable [] data = null;
        @Nullable Verdict verdict = null;
        if (set.is(NfSet.MAP) && (flags & 1) == 0) {
            Attrs value = attrs.nested(2);
            if (value.has(2)) {
                verdict = Verdict.read(value.nested(2));
                if (!verdict.chain().isEmpty() && table.chain(verdict.chain()).base != null) {
                    throw new NetException(NetException.EOPNOTSUPP, "");
                }
            } else {
                data = value.need(1);
            }
        } else if (attrs.has(2)) {
            throw new NetException(NetException.EINVAL, "");
        }
        long timeout = attrs.u64(4, set.timeout);
        List<Expression> expressions = new ArrayList<>();
        if (attrs.has(7)) {
            expressions.add(Expressions.one(attrs.need(7), table));
        } else if (attrs.has(11)) {
            expressions.addAll(Expressions.read(attrs.need(11), table));
        } else if (set.made.has(17) && (flags & 1) == 0) {
            expressions.add(Expressions.one(set.made.need(17), table));
        }
        byte @Nullable [] end = attrs.has(10) ? attrs.nested(10).need(1) : null;
        byte[] userdata = Optional.ofNullable(attrs.raw(6)).orElse(new byte[0]);
        return new NfSet.Element(
                key, end, data, verdict, flags, timeout, NfSet.expiry(timeout, now), userdata, expressions);
    }

    private static byte[] key(NfSet set, Attrs attrs) {
        if ((attrs.u32(3, 0) & 2) != 0) {
            throw new UnsupportedOperationException("the catch-all element");
        }
        byte[] key = attrs.nested(1).need(1);
        if (key.length != set.keyLength) {
            throw new NetException(NetException.EINVAL, "");
        }
        return ByteBuffer.wrap(key).array();
    }

    void deleteElements(Attrs attrs) {
        NfSet set = set(attrs);
        if (!attrs.has(3)) {
            set.elements.clear();
            return;
        }
        for (byte[] raw : attrs.nested(3).list()) {
            Attrs element = new Attrs(raw);
            set.elements.remove(NfTable.present(set.same(key(set, element), element.u32(3, 0), now)));
        }
    }
}
