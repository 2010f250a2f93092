package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Attributes;
import dev.openshell.netns.linux.netlink.Request;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** This library's tables of one family in a namespace, as nf_tables has them now. */
final class NftTables {
    private static final int GETTABLE = Batch.SUBSYSTEM << 8 | 1;
    private static final int NEWTABLE = Batch.SUBSYSTEM << 8;
    private static final int GETCHAIN = Batch.SUBSYSTEM << 8 | 4;
    private static final int NEWCHAIN = Batch.SUBSYSTEM << 8 | 3;
    private static final int GETRULE = Batch.SUBSYSTEM << 8 | 7;
    private static final int NEWRULE = Batch.SUBSYSTEM << 8 | 6;
    private static final int GETSET = Batch.SUBSYSTEM << 8 | 10;
    private static final int NEWSET = Batch.SUBSYSTEM << 8 | 9;
    private static final int GETSETELEM = Batch.SUBSYSTEM << 8 | 13;
    private static final int NEWSETELEM = Batch.SUBSYSTEM << 8 | 12;
    private static final int DORMANT = 1;
    private static final int TRIES = 20;

    private final Kernel kernel;
    private final int namespace;
    private final Family family;

    /** Read when they are first asked for. */
    private @Nullable Set<String> names;

    private final Map<String, Map<String, String>> chains = new HashMap<>();
    private final Map<String, Map<String, String>> sets = new HashMap<>();
    private final Map<SharedChain, SharedRules> shareds = new EnumMap<>(SharedChain.class);

    NftTables(Kernel kernel, int namespace, Family family) {
        this.kernel = kernel;
        this.namespace = namespace;
        this.family = family;
    }

    /** A rule as it is there: its handle, and its text behind {@code -A CHAIN}. */
    record Present(long handle, NftRule rule, String text, long packets, long bytes) {}

    /** Makes the changes of {@code batches} in {@code namespace}, all or none. */
    static void change(Kernel kernel, int namespace, Collection<Batch> batches) {
        if (batches.stream().allMatch(Batch::isEmpty)) {
            return;
        }
        Request request = Batch.whole(batches);
        List<Answers.Failure> failures = parsed(
                        () -> Answers.parseBatch(request, kernel.netfilter(namespace, request.toBytes())))
                .failures();
        if (!failures.isEmpty()) {
            Answers.Failure first = failures.get(0);
            throw new KernelException(first.errno(), first.name() + " " + first.object());
        }
    }

    /** Returns whether there is {@code table}. */
    boolean has(String table) {
        return names().contains(Batch.name(table));
    }

    private Set<String> names() {
        if (names == null) {
            names = readNames();
        }
        return names;
    }

    private Set<String> readNames() {
        Set<String> found = new TreeSet<>();
        for (Answers.Netfilter each : dump("GETTABLE", GETTABLE, data -> {})) {
            String name = Shown.text(each.attributes().get(1));
            if (each.type() == NEWTABLE && name.startsWith(Batch.name(""))) {
                if ((Shown.number(each.attributes().get(2)) & DORMANT) != 0) {
                    throw new KernelException(
                            0,
                            "table " + name + " of this namespace is dormant: the kernel does not look at its rules",
                            "wake it with nft: nft add table " + name);
                }
                found.add(name);
            }
        }
        return found;
    }

    /** Returns the chains of {@code table} with their policies, {@code -} for one that is not built in. */
    Map<String, String> chains(String table) {
        if (chains.isEmpty()) {
            for (Answers.Netfilter each : dump("GETCHAIN", GETCHAIN, data -> {})) {
                if (each.type() == NEWCHAIN) {
                    chain(each.attributes());
                }
            }
        }
        return chains.getOrDefault(Batch.name(table), Map.of());
    }

    private void chain(Map<Integer, byte[]> attributes) {
        boolean builtIn = attributes.containsKey(4);
        String policy = builtIn && Shown.number(attributes.get(5)) == Expressions.DROP ? "DROP" : "ACCEPT";
        chains.computeIfAbsent(Shown.text(attributes.get(1)), table -> new LinkedHashMap<>())
                .put(Shown.text(attributes.get(3)), builtIn ? policy : "-");
    }

    /**
     * Returns the rules of all chains of {@code table} in order, by chain. Shared chains have their jumps, and each that
     * they jump to is there too, as if it were a chain.
     */
    Map<String, List<Present>> rules(String table) {
        Map<String, List<Map<Integer, byte[]>>> there = new TreeMap<>();
        rawRules(table, "").forEach(each -> there.computeIfAbsent(Shown.text(each.get(2)), chain -> new ArrayList<>())
                .add(each));
        Map<String, List<Present>> rules = new TreeMap<>();
        for (String chain : chains(table).keySet()) {
            List<Map<Integer, byte[]>> raw = there.getOrDefault(chain, List.of());
            Optional<SharedChain> shared = SharedChain.named(table, chain);
            if (shared.isPresent()) {
                rules.put(chain, shared(shared.get(), raw, rules));
            } else {
                rules.put(chain, raw.stream().map(this::present).toList());
            }
        }
        return rules;
    }

    private List<Present> shared(SharedChain shared, List<Map<Integer, byte[]>> raw, Map<String, List<Present>> own) {
        SharedRules read = read(shared);
        own.putAll(read.ownChains());
        List<Present> rules = new ArrayList<>();
        if (!shared.hasOwn()) {
            for (Map<Integer, byte[]> each : raw) {
                if (Shown.same(expressions(each), shared.admitting(family)) && areSets(shared)) {
                    rules.addAll(read.jumps());
                } else {
                    rules.add(present(each));
                }
            }
            return rules;
        }
        if (!read.isWhole(raw.stream().map(NftTables::expressions).toList())) {
            rules.add(strange(0, new IllegalArgumentException("chain " + shared.chain() + " is not as it was made")));
        }
        rules.addAll(read.jumps());
        return rules;
    }

    /** Returns the rules of {@code chain} of {@code table}, which is no shared one and none of a sandbox's own. */
    List<Present> rules(String table, String chain) {
        return rawRules(table, chain).stream().map(this::present).toList();
    }

    /** Nothing changes under one load, nor while one text is written. */
    private SharedRules read(SharedChain shared) {
        return shareds.computeIfAbsent(shared, each -> SharedRules.read(each, family, this));
    }

    /** Returns the own chains that {@code shared} leads to. */
    Map<String, List<Present>> own(SharedChain shared) {
        return has(shared.table()) ? read(shared).ownChains() : Map.of();
    }

    /** Returns the elements of {@code shared}'s sets that are none of this library's. */
    List<SharedRules.Stray> strays(SharedChain shared) {
        return read(shared).strays();
    }

    /** Returns the limits that a shared chain has sets of. */
    List<Limit> limits(SharedChain shared) {
        return sets(shared.table()).keySet().stream()
                .flatMap(set -> Limit.ofSet(shared.chain(), set).stream())
                .toList();
    }

    /** Returns whether the sets of a shared chain are such as this library makes: of keys, and of nothing else. */
    boolean areSets(SharedChain shared) {
        Map<String, String> sets = sets(shared.table());
        Map<String, String> wanted = new TreeMap<>();
        shared.sets().forEach((set, key) -> wanted.put(set, form(key)));
        limits(shared).forEach(limit -> {
            wanted.put(limit.links(shared.chain()), form(Limit.LINKS));
            wanted.put(limit.dropped(shared.chain()), form(Limit.LINKS));
        });
        return wanted.entrySet().stream().allMatch(each -> each.getValue().equals(sets.get(each.getKey())));
    }

    /** Returns what {@link #sets} says of a set that has keys and nothing else. */
    private String form(Key key) {
        return "0 " + key.length(family);
    }

    /** Returns the sets of {@code table}, each with its flags and the length of its keys. */
    private Map<String, String> sets(String table) {
        if (sets.isEmpty()) {
            for (Answers.Netfilter each : dump("GETSET", GETSET, data -> {})) {
                Map<Integer, byte[]> set = each.attributes();
                if (each.type() == NEWSET) {
                    byte[] flags = set.getOrDefault(3, new byte[4]);
                    sets.computeIfAbsent(Shown.text(set.get(1)), name -> new TreeMap<>())
                            .put(Shown.text(set.get(2)), Shown.number(flags) + " " + Shown.number(set.get(5)));
                }
            }
        }
        return sets.getOrDefault(Batch.name(table), Map.of());
    }

    /** Returns the elements of {@code set} as they are, none where there is no such set. */
    List<Map<Integer, byte[]>> elements(String table, String set) {
        List<Map<Integer, byte[]>> elements = new ArrayList<>();
        for (Answers.Netfilter each : dump("GETSETELEM", GETSETELEM, data -> data.string(1, Batch.name(table))
                .string(2, set))) {
            if (each.type() == NEWSETELEM && each.attributes().containsKey(3)) {
                elements.addAll(Element.list(each.attributes().get(3)));
            }
        }
        return elements;
    }

    private List<Map<Integer, byte[]>> rawRules(String table, String chain) {
        return dump("GETRULE", GETRULE, data -> {
                    data.string(1, Batch.name(table));
                    if (!chain.isEmpty()) {
                        data.string(2, chain);
                    }
                })
                .stream()
                .filter(each -> each.type() == NEWRULE)
                .map(Answers.Netfilter::attributes)
                .filter(rule -> Shown.text(rule.get(1)).equals(Batch.name(table))
                        && (chain.isEmpty() || chain.equals(Shown.text(rule.get(2)))))
                .toList();
    }

    private static byte[] expressions(Map<Integer, byte[]> rule) {
        return rule.getOrDefault(4, new byte[0]);
    }

    /** Returns the rules of a chain of somebody else's. */
    List<Answers.Netfilter> foreignRules(String table, String chain) {
        return dump("GETRULE", GETRULE, data -> data.string(1, table).string(2, chain)).stream()
                .filter(each -> each.type() == NEWRULE
                        && Shown.text(each.attributes().get(1)).equals(table)
                        && Shown.text(each.attributes().get(2)).equals(chain))
                .toList();
    }

    private Present present(Map<Integer, byte[]> rule) {
        long handle = Shown.longer(rule.get(3));
        byte[] userdata = rule.get(7);
        try {
            Userdata beside = userdata == null ? Userdata.NONE : Userdata.read(userdata);
            Shown.Counted shown = Shown.read(expressions(rule), beside.comment(), Shown.text(rule.get(2)), family);
            return new Present(handle, shown.rule(), RuleText.write(shown.rule()), shown.packets(), shown.bytes());
        } catch (IllegalArgumentException e) {
            return strange(handle, e);
        }
    }

    /** In no text of this library's: who compares finds it out, and who proves refuses it. */
    static Present strange(long handle, IllegalArgumentException e) {
        String comment = String.valueOf(e.getMessage()).replace('"', '\'');
        return new Present(handle, new NftRule(), "-m comment --comment \"" + comment + "\" -j STRANGE", 0, 0);
    }

    private List<Answers.Netfilter> dump(String name, int type, Consumer<Attributes> filter) {
        for (int tries = 1; ; tries++) {
            Attributes data = Batch.header(family);
            filter.accept(data);
            Request request = new Request().add("NFT_MSG_" + name, "", type, Request.NLM_F_DUMP, data);
            Answers answers = parsed(() -> Answers.parse(request, kernel.netfilter(namespace, request.toBytes())));
            List<Answers.Failure> failures = answers.failures();
            if (failures.isEmpty() && !answers.inconsistent()) {
                return answers.netfilter();
            }
            if (!failures.isEmpty() && failures.get(0).errno() == Errno.ENOENT) {
                return List.of();
            }
            boolean changed = answers.inconsistent() || failures.get(0).errno() == Errno.EINTR;
            if (!changed || tries == TRIES) {
                throw new KernelException(
                        failures.isEmpty() ? Errno.EINTR : failures.get(0).errno(), name);
            }
        }
    }

    /** Nothing that was not answered counts as done. */
    static Answers parsed(Supplier<Answers> answer) {
        try {
            return answer.get();
        } catch (IllegalArgumentException e) {
            throw new KernelException(0, "answer of the kernel: " + e.getMessage(), "apply again");
        }
    }
}
