package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.net.NetException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A table with what is in it. */
final class NfTable {
    static final int DORMANT = 1;
    static final int OWNER = 2;
    static final int INET = 1;

    final int family;
    final String name;
    final long handle;
    final AtomicLong handles;
    final Map<String, NfChain> chains = new LinkedHashMap<>();
    final Map<String, NfSet> sets = new LinkedHashMap<>();
    int flags;
    /** The socket that owns it, 0 for none. */
    long owner;

    byte[] userdata = new byte[0];

    /** The sets that the present transaction has made, by the numbers that it calls them by. */
    final Map<Integer, NfSet> numbered = new HashMap<>();

    NfTable(int family, String name, long handle, AtomicLong handles) {
        this.family = family;
        this.name = name;
        this.handle = handle;
        this.handles = handles;
    }

    /** Returns one that can be changed without a change to this; rules keep what they have counted. */
    NfTable copy() {
        NfTable copy = new NfTable(family, name, handle, handles);
        chains.forEach((key, chain) -> copy.chains.put(key, chain.copy()));
        sets.forEach((key, set) -> copy.sets.put(key, set.copy()));
        copy.flags = flags;
        copy.owner = owner;
        copy.userdata = userdata;
        return copy;
    }

    NfChain chain(String wanted) {
        return present(chains.get(wanted));
    }

    NfSet set(String wanted) {
        return present(sets.get(wanted));
    }

    /** Returns the set of a name, or where there is none of the number that it has in this transaction. */
    NfSet set(Attrs attrs, int name, int id) {
        NfSet named = sets.get(attrs.text(name));
        return named == null && attrs.has(id) ? present(numbered.get(attrs.u32(id))) : present(named);
    }

    /** Takes the anonymous sets along with a rule that is deleted. */
    void gone(NfRule rule) {
        for (Expression expression : rule.expressions()) {
            NfSet set = sets.get(expression.set());
            if (set != null && set.is(NfSet.ANONYMOUS) && !isUsed(set)) {
                sets.remove(set.name);
            }
        }
    }

    static <T> T present(@Nullable T found) {
        if (found == null) {
            throw new NetException(NetException.ENOENT, "");
        }
        return found;
    }

    /** Returns how many chains and sets it has, but for anonymous ones. */
    int uses() {
        return chains.size()
                + (int) sets.values().stream()
                        .filter(set -> !set.is(NfSet.ANONYMOUS))
                        .count();
    }

    /** Returns how many rules and elements go to the chain. */
    int uses(NfChain chain) {
        long rules = chains.values().stream()
                .flatMap(c -> c.rules.stream())
                .flatMap(r -> r.expressions().stream())
                .filter(e -> e.chains().contains(chain.name))
                .count();
        return (int) rules
                + sets.values().stream().mapToInt(set -> set.goesTo(chain.name)).sum();
    }

    /** Returns whether any rule looks into the set. */
    boolean isUsed(NfSet set) {
        return chains.values().stream()
                .flatMap(c -> c.rules.stream())
                .flatMap(r -> r.expressions().stream())
                .anyMatch(e -> e.set().equals(set.name));
    }
}
