package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;
import dev.openshell.netns.testkit.netlink.Answer;
import dev.openshell.netns.testkit.netlink.Message;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The requests that ask for what there is. */
final class Reads {
    private static final int NFGENMSG = 4;
    private static final int BASE = Nftables.SUBSYSTEM << 8;

    private final Collection<NfTable> tables;
    private final Dumps dumps;
    private final Instant now;

    Reads(Collection<NfTable> tables, Dumps dumps, Instant now) {
        this.tables = tables;
        this.dumps = dumps;
        this.now = now;
    }

    boolean answer(Answer answer, Message message) {
        int type = message.type() & 0xff;
        Attrs attrs = new Attrs(message.attributes(NFGENMSG));
        if (type == 16) {
            answer.data(message, BASE | 15, dumps.generation());
            return false;
        }
        boolean known = type == 1 || type == 4 || type == 7 || type == 10 || type == 13;
        if (!known) {
            boolean reads = type == 19 || type == 21 || type == 23 || type == 25;
            throw reads
                    ? new UnsupportedOperationException("nf_tables message type " + type)
                    : new NetException(NetException.EINVAL, "");
        }
        List<byte[]> found = new ArrayList<>();
        boolean dump = message.flags() != 0 && (message.flags() & Message.NLM_F_DUMP) == Message.NLM_F_DUMP;
        boolean named = attrs.has(1);
        for (NfTable table : tables) {
            boolean family = message.family() == 0 || message.family() == table.family;
            if (family && (!named || type == 1 && dump || table.name.equals(attrs.text(1)))) {
                add(type, table, attrs, dump, found);
            }
        }
        if (dump) {
            if (type == 13 && found.isEmpty()) {
                throw new NetException(NetException.ENOENT, "");
            }
            answer.dump(message, BASE | type - 1, found, null);
            return true;
        }
        if (found.isEmpty()) {
            throw new NetException(NetException.ENOENT, "");
        }
        answer.data(message, BASE | type - 1, found.get(0));
        return false;
    }

    private void add(int type, NfTable table, Attrs attrs, boolean dump, List<byte[]> found) {
        switch (type) {
            case 1 -> found.add(dumps.table(table));
            case 4 ->
                table.chains.values().stream()
                        .filter(c -> dump || c.name.equals(attrs.text(3)))
                        .forEach(c -> found.add(dumps.chain(table, c)));
            case 7 -> {
                for (NfChain chain : table.chains.values()) {
                    if (attrs.has(2) && !chain.name.equals(attrs.text(2))) {
                        continue;
                    }
                    for (int i = 0; i < chain.rules.size(); i++) {
                        if (dump || chain.rules.get(i).handle() == attrs.u64(3, 0)) {
                            found.add(dumps.rule(table, chain, i));
                        }
                    }
                }
            }
            case 10 ->
                table.sets.values().stream()
                        .filter(s -> dump || s.name.equals(attrs.text(2)))
                        .forEach(s -> found.add(dumps.set(table, s)));
            default -> elements(table, table.set(attrs.text(2)), attrs, dump, found);
        }
    }

    private void elements(NfTable table, NfSet set, Attrs attrs, boolean dump, List<byte[]> found) {
        if (dump) {
            found.add(dumps.elements(table, set));
            return;
        }
        for (byte[] raw : attrs.nested(3).list()) {
            NfSet one = new NfSet(set.name, set.handle, set.made, set.fields, set.most);
            one.elements.add(NfTable.present(set.find(new Attrs(raw).nested(1).need(1), now)));
            found.add(dumps.elements(table, one));
        }
    }
}
