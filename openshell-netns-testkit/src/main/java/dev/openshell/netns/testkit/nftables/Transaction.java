package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Message;
import dev.openshell.netns.testkit.ruleset.Hook;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What one batch makes of the tables; nobody sees it before it is done as a whole. */
final class Transaction {
    private static final int EPERM = 1;
    private static final int NFGENMSG = 4;
    private static final int TABLE_FLAGS = 7;
    private static final int NFT_CHAIN_BASE_ACCEPT = 1;

    private final Map<String, NfTable> tables = new LinkedHashMap<>();
    private final AtomicLong handles;
    private final long socket;
    private final Instant now;
    private final boolean checking;

    Transaction(Map<String, NfTable> before, AtomicLong handles, long socket, Instant now, boolean checking) {
        this.checking = checking;
        before.forEach((key, table) -> tables.put(key, table.copy()));
        this.handles = handles;
        this.socket = socket;
        this.now = now;
    }

    /** Returns whether a set without a name was made that no rule holds. */
    boolean isUnbound() {
        return tables.values().stream().anyMatch(table -> table.numbered.values().stream()
                .anyMatch(set -> set.is(NfSet.ANONYMOUS) && table.sets.containsValue(set) && !table.isUsed(set)));
    }

    /** Returns whether Linux's last check lets it pass. */
    boolean isValid() {
        try {
            tables.values().forEach(Validation::check);
            return true;
        } catch (NetException e) {
            return false;
        }
    }

    private void check(NfTable table) {
        if (checking) {
            Validation.check(table);
        }
    }

    Map<String, NfTable> tables() {
        return tables;
    }

    static String key(int family, String name) {
        return family + " " + name;
    }

    /** Does what {@code message} of {@code type} asks for. */
    void perform(Message message, int type) {
        Attrs attrs = new Attrs(message.attributes(NFGENMSG));
        int family = message.family();
        switch (type) {
            case 0 -> newTable(message, family, attrs);
            case 2 -> deleteTable(family, attrs, true);
            case 26 -> deleteTable(family, attrs, false);
            case 3 -> newChain(message, own(family, attrs), attrs);
            case 5 -> deleteChain(message, own(family, attrs), attrs);
            case 6 -> newRule(message, own(family, attrs), attrs);
            case 8 -> deleteRule(own(family, attrs), attrs);
            case 9, 11, 12, 14 -> {
                NfTable table = own(family, attrs);
                SetRequests requests = new SetRequests(table, now);
                switch (type) {
                    case 9 -> requests.newSet(message, attrs);
                    case 11 -> requests.deleteSet(attrs);
                    case 12 -> {
                        requests.newElements(message, attrs);
                        check(table);
                    }
                    default -> requests.deleteElements(attrs);
                }
            }
            default -> throw new UnsupportedOperationException("nf_tables message type " + type);
        }
    }

    /** Returns the table; ENOENT, or EPERM where another socket owns it. */
    private NfTable own(int family, Attrs attrs) {
        return owned(NfTable.present(tables.get(key(family, attrs.text(1)))));
    }

    private NfTable owned(NfTable table) {
        if (table.owner != 0 && table.owner != socket) {
            throw new NetException(EPERM, "");
        }
        return table;
    }

    private void newTable(Message message, int family, Attrs attrs) {
        if (family != 1 && family != 2 && family != 10) {
            throw new UnsupportedOperationException("nf_tables family " + family);
        }
        String name = attrs.text(1);
        int flags = attrs.u32(2, 0);
        NfTable there = tables.get(key(family, name));
        if (there != null) {
            owned(there);
            if (message.flag(Message.NLM_F_EXCL)) {
                throw new NetException(NetException.EEXIST, "");
            }
            if (message.flag(Message.NLM_F_REPLACE)) {
                throw new NetException(NetException.EOPNOTSUPP, "");
            }
            if (attrs.has(2) && flags != there.flags) {
                boolean owner = ((flags ^ there.flags) & ~NfTable.DORMANT) != 0;
                throw owner || (flags & ~TABLE_FLAGS) != 0
                        ? new NetException(
                                (flags & ~TABLE_FLAGS) != 0 ? NetException.EINVAL : NetException.EOPNOTSUPP, "")
                        : new UnsupportedOperationException("a table that is put to sleep or woken");
            }
            return;
        }
        if ((flags & ~TABLE_FLAGS) != 0) {
            throw new NetException(NetException.EOPNOTSUPP, "");
        }
        if ((flags & 4) != 0) {
            throw new UnsupportedOperationException("NFT_TABLE_F_PERSIST");
        }
        NfTable table = new NfTable(family, name, handles.incrementAndGet(), new AtomicLong());
        table.flags = flags;
        table.owner = (flags & NfTable.OWNER) != 0 ? socket : 0;
        table.userdata = Optional.ofNullable(attrs.raw(6)).orElse(new byte[0]);
        tables.put(key(family, name), table);
    }

    private void deleteTable(int family, Attrs attrs, boolean mustBe) {
        if (!attrs.has(1) && !attrs.has(4)) {
            tables.values().removeIf(t -> (family == 0 || t.family == family) && (t.owner == 0 || t.owner == socket));
            return;
        }
        NfTable table = attrs.has(4)
                ? tables.values().stream()
                        .filter(t -> t.family == family && t.handle == attrs.u64(4, 0))
                        .findFirst()
                        .orElse(null)
                : tables.get(key(family, attrs.text(1)));
        if (table == null && !mustBe) {
            return;
        }
        owned(NfTable.present(table));
        tables.remove(key(family, table.name));
    }

    private void newChain(Message message, NfTable table, Attrs attrs) {
        @Nullable NfChain there = attrs.has(3) ? table.chains.get(attrs.text(3)) : null;
        if (attrs.has(2)) {
            throw new UnsupportedOperationException("a chain to be changed by its handle");
        }
        if (there != null) {
            if (message.flag(Message.NLM_F_EXCL)) {
                throw new NetException(NetException.EEXIST, "");
            }
            if (message.flag(Message.NLM_F_REPLACE)) {
                throw new NetException(NetException.EOPNOTSUPP, "");
            }
            policy(there, attrs);
            return;
        }
        NfChain.@Nullable Base base = attrs.has(4) ? base(attrs) : null;
        if (base != null && base.type().equals("nat") && base.hook() == Hook.FORWARD) {
            throw new NetException(NetException.EOPNOTSUPP, "");
        }
        long handle = table.handles.incrementAndGet();
        String name = attrs.has(3) ? attrs.text(3) : "__chain" + handle;
        NfChain chain = new NfChain(name, handle, base);
        policy(chain, attrs);
        chain.userdata = Optional.ofNullable(attrs.raw(12)).orElse(new byte[0]);
        table.chains.put(name, chain);
    }

    private static void policy(NfChain chain, Attrs attrs) {
        if (!attrs.has(5)) {
            return;
        }
        int policy = attrs.u32(5);
        if (chain.base == null) {
            throw new NetException(NetException.EOPNOTSUPP, "");
        }
        if (policy != 0 && policy != NFT_CHAIN_BASE_ACCEPT) {
            throw new NetException(NetException.EINVAL, "");
        }
        chain.accepts = policy == NFT_CHAIN_BASE_ACCEPT;
    }

    private NfChain.Base base(Attrs attrs) {
        Attrs hook = attrs.nested(4);
        int number = hook.u32(1);
        Hook[] hooks = {Hook.PREROUTING, Hook.INPUT, Hook.FORWARD, Hook.OUTPUT, Hook.POSTROUTING};
        if (number < 0 || number >= hooks.length) {
            throw new NetException(NetException.EOPNOTSUPP, "");
        }
        String type = attrs.has(7) ? attrs.text(7) : "filter";
        if (!type.equals("filter") && !type.equals("nat")) {
            if (type.equals("route")) {
                throw new UnsupportedOperationException("nf_tables chain type route");
            }
            throw new NetException(NetException.ENOENT, "");
        }
        int priority = hook.u32(2);
        if (type.equals("nat") && priority <= -200) {
            throw new NetException(NetException.EOPNOTSUPP, "");
        }
        return new NfChain.Base(hooks[number], priority, type, handles.incrementAndGet());
    }

    private void deleteChain(Message message, NfTable table, Attrs attrs) {
        NfChain chain = attrs.has(2)
                ? NfTable.present(table.chains.values().stream()
                        .filter(c -> c.handle == attrs.u64(2, 0))
                        .findFirst()
                        .orElse(null))
                : table.chain(attrs.text(3));
        if (message.flag(0x100) && !chain.rules.isEmpty()) {
            throw new NetException(NetException.EBUSY, "");
        }
        flush(table, chain);
        if (table.uses(chain) > 0) {
            throw new NetException(NetException.EBUSY, "");
        }
        table.chains.remove(chain.name);
    }

    private void newRule(Message message, NfTable table, Attrs attrs) {
        if (attrs.has(11) || attrs.has(10) || attrs.has(5)) {
            throw new UnsupportedOperationException("rule attributes COMPAT, POSITION_ID or CHAIN_ID");
        }
        NfChain chain = table.chain(attrs.text(2));
        int at;
        boolean replaces = attrs.has(3);
        if (replaces) {
            at = existing(chain, attrs.u64(3, 0));
            if (message.flag(Message.NLM_F_EXCL)) {
                throw new NetException(NetException.EEXIST, "");
            }
            if (!message.flag(Message.NLM_F_REPLACE)) {
                throw new NetException(NetException.EOPNOTSUPP, "");
            }
        } else {
            if (!message.flag(Message.NLM_F_CREATE) || message.flag(Message.NLM_F_REPLACE)) {
                throw new NetException(NetException.EINVAL, "");
            }
            boolean append = message.flag(Message.NLM_F_APPEND);
            at = append ? chain.rules.size() : 0;
            if (attrs.has(6)) {
                at = existing(chain, attrs.u64(6, 0)) + (append ? 1 : 0);
            }
        }
        byte[] raw = Optional.ofNullable(attrs.raw(4)).orElse(new byte[0]);
        NfRule rule = new NfRule(
                table.handles.incrementAndGet(),
                raw,
                Optional.ofNullable(attrs.raw(7)).orElse(new byte[0]),
                Expressions.read(raw, table));
        for (Expression expression : rule.expressions()) {
            NfSet held = table.sets.get(expression.set());
            if (held != null && held.is(NfSet.ANONYMOUS) && table.isUsed(held)) {
                throw new NetException(NetException.EBUSY, "");
            }
            for (String to : expression.chains()) {
                if (table.chain(to).base != null) {
                    throw new NetException(NetException.EOPNOTSUPP, "");
                }
            }
        }
        if (replaces) {
            table.gone(chain.rules.set(at, rule));
        } else {
            chain.rules.add(at, rule);
        }
        check(table);
    }

    private static int existing(NfChain chain, long handle) {
        int index = chain.index(handle);
        if (index < 0) {
            throw new NetException(NetException.ENOENT, "");
        }
        return index;
    }

    private static void deleteRule(NfTable table, Attrs attrs) {
        if (!attrs.has(2)) {
            table.chains.values().forEach(chain -> flush(table, chain));
            return;
        }
        NfChain chain = table.chain(attrs.text(2));
        if (attrs.has(3)) {
            table.gone(chain.rules.remove(existing(chain, attrs.u64(3, 0))));
        } else {
            flush(table, chain);
        }
    }

    private static void flush(NfTable table, NfChain chain) {
        List<NfRule> rules = List.copyOf(chain.rules);
        chain.rules.clear();
        rules.forEach(table::gone);
    }
}
