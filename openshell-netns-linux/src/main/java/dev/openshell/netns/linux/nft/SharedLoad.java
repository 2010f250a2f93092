package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The changes of one table's shared chains, and of the chains of sandboxes' own that they lead to. */
final class SharedLoad {
    private final String table;
    private final Family family;
    private final NftTables tables;
    private final Batch batch;
    private final boolean careful;
    private final Map<String, Integer> written = new HashMap<>();

    /** The limits that links were seen to lose, and how many links. */
    private final Map<SharedChain, Map<Limit, Integer>> lost = new EnumMap<>(SharedChain.class);

    private final Set<String> added = new HashSet<>();

    /** Those that are made anew, with the limits that their rules are about. */
    private final Map<SharedChain, Set<Limit>> anew = new EnumMap<>(SharedChain.class);

    /**
     * Makes one whose changes go into {@code batch}.
     *
     * @param careful whether what is there is looked at; else own chains are taken to be empty, and limits to be known
     */
    SharedLoad(String table, Family family, NftTables tables, Batch batch, boolean careful) {
        this.table = table;
        this.family = family;
        this.tables = tables;
        this.batch = batch;
        this.careful = careful;
    }

    /** Empties a chain: of jumps if it is shared, of all if it is one's own. Returns false where it is neither. */
    boolean declare(String chain, boolean fresh) {
        Optional<SharedChain> shared = SharedChain.named(table, chain);
        shared.ifPresent(each -> renew(each, fresh));
        if (shared.isEmpty() && SharedChain.ofOwn(table, chain).isEmpty()) {
            return false;
        }
        if (shared.isEmpty() && careful && !fresh) {
            clear(chain);
        }
        return true;
    }

    private void renew(SharedChain shared, boolean fresh) {
        batch.chain(table, shared.chain());
        shared.sets().forEach((set, key) -> batch.set(table, set, key));
        if (!fresh) {
            batch.flush(table, shared.chain());
            tables.strays(shared).stream()
                    .filter(stray -> !stray.set().equals(shared.members()))
                    .forEach(stray -> batch.deleteElement(table, stray.set(), stray.key()));
            batch.deleteElements(table, shared.members());
        }
        if (shared.hasOwn()) {
            anew.put(shared, new TreeSet<>(fresh ? Set.of() : tables.limits(shared)));
        } else {
            batch.append(table, shared.chain(), shared.admitting(family), "");
        }
    }

    /** Adds what {@code rule} of {@code chain} is, and returns false where it is a rule like any other. */
    boolean add(String chain, NftRule rule) {
        Optional<SharedChain> shared = SharedChain.named(table, chain);
        Optional<String> jump = shared.flatMap(each -> each.jumps(rule));
        if (jump.isPresent()) {
            SharedChain each = shared.get();
            batch.add(table, each.members(), each.memberKey(rule, family), beside(each, jump.get(), rule.comment, 0));
            return true;
        }
        Optional<SharedChain> own = SharedChain.ofOwn(table, chain);
        own.ifPresent(each -> addOwn(each, chain, rule));
        return own.isPresent();
    }

    private void addOwn(SharedChain shared, String chain, NftRule rule) {
        String link = shared.link(chain);
        Optional<Limit> limit = Limit.of(rule);
        if (shared.guarded() && SharedChain.isMidStream(rule)) {
            return;
        }
        if (shared.guarded() && limit.isPresent()) {
            add(shared, limit.get().of(rule, link, family), link, rule.comment);
            return;
        }
        SharedChain.Flow flow = shared.flow(rule);
        int index = written.merge(chain, 1, Integer::sum);
        batch.add(table, shared.flows(), shared.flowKey(link, flow, family), beside(shared, link, rule.comment, index));
        if (shared == SharedChain.LOCAL) {
            batch.add(table, shared.services(), SharedChain.serviceKey(link, flow, family), Userdata.NONE);
        }
    }

    private static Userdata beside(SharedChain shared, String link, String comment, int index) {
        return new Userdata(comment, shared.hasLink() ? "" : link, index);
    }

    private void add(SharedChain shared, Limit limit, String link, String comment) {
        Set<Limit> limits = anew.get(shared);
        boolean known = limits == null ? !careful || tables.limits(shared).contains(limit) : !limits.add(limit);
        if (!known && limits == null) {
            // Limits have their order, so that the chain is written again with this one.
            batch.flush(table, shared.chain());
            anew.put(shared, new TreeSet<>(tables.limits(shared)));
            anew.get(shared).add(limit);
        }
        if (!known) {
            batch.set(table, limit.links(shared.chain()), Limit.LINKS);
            batch.counting(table, limit.dropped(shared.chain()), Limit.LINKS);
            batch.dynamic(table, limit.counted(shared.chain()), limit.by(), limit.rate());
        }
        byte[] key = Limit.LINKS.bytes(family, link);
        added.add(limit.links(shared.chain()));
        batch.add(table, limit.links(shared.chain()), key, Userdata.comment(comment));
        batch.add(table, limit.dropped(shared.chain()), key, Userdata.NONE);
    }

    /** Takes away what {@code rule} of {@code chain} is, and returns false where it is a rule like any other. */
    boolean delete(String chain, NftRule rule) {
        Optional<SharedChain> shared = SharedChain.named(table, chain);
        if (shared.isPresent() && shared.get().jumps(rule).isPresent()) {
            batch.deleteElement(table, shared.get().members(), shared.get().memberKey(rule, family));
            return true;
        }
        Optional<SharedChain> own = SharedChain.ofOwn(table, chain);
        own.ifPresent(each -> deleteOwn(each, chain, rule));
        return own.isPresent();
    }

    private void deleteOwn(SharedChain shared, String chain, NftRule rule) {
        String link = shared.link(chain);
        Optional<Limit> limit = Limit.of(rule);
        if (SharedChain.isMidStream(rule)) {
            return;
        }
        if (limit.isPresent()) {
            byte[] key = Limit.LINKS.bytes(family, link);
            batch.deleteElement(table, limit.get().links(shared.chain()), key);
            batch.deleteElement(table, limit.get().dropped(shared.chain()), key);
            return;
        }
        SharedChain.Flow flow = shared.flow(rule);
        batch.deleteElement(table, shared.flows(), shared.flowKey(link, flow, family));
        if (shared == SharedChain.LOCAL) {
            batch.deleteElement(table, shared.services(), SharedChain.serviceKey(link, flow, family));
        }
    }

    /** Empties one's own chain, and returns false where it is none. */
    boolean clear(String chain) {
        Optional<SharedChain> own = SharedChain.ofOwn(table, chain);
        own.ifPresent(each -> {
            List<NftTables.Present> there = tables.own(each).getOrDefault(chain, List.of());
            there.forEach(rule -> {
                deleteOwn(each, chain, rule.rule());
                Limit.of(rule.rule()).ifPresent(limit -> lost.computeIfAbsent(each, shared -> new HashMap<>())
                        .merge(limit, 1, Integer::sum));
            });
        });
        return own.isPresent();
    }

    /** Adds what comes last: the rules of chains that are made anew, now that their limits are known. */
    void end() {
        Map<SharedChain, List<Limit>> unused = unused();
        unused.forEach((shared, limits) -> {
            if (!anew.containsKey(shared)) {
                batch.flush(table, shared.chain());
                anew.put(shared, new TreeSet<>(tables.limits(shared)));
            }
            limits.forEach(anew.get(shared)::remove);
        });
        anew.forEach((shared, limits) ->
                shared.rules(limits, family).forEach(rule -> batch.append(table, shared.chain(), rule, "")));
        Set<String> counted = new TreeSet<>();
        unused.forEach((shared, limits) -> limits.forEach(limit -> {
            batch.deleteSet(table, limit.links(shared.chain()));
            batch.deleteSet(table, limit.dropped(shared.chain()));
            counted.add(limit.counted(shared.chain()));
        }));
        counted.stream().filter(set -> !isAsked(set)).forEach(set -> batch.deleteSet(table, set));
    }

    /** Returns the limits that no link has any more. */
    private Map<SharedChain, List<Limit>> unused() {
        Map<SharedChain, List<Limit>> unused = new EnumMap<>(SharedChain.class);
        lost.forEach((shared, limits) -> limits.forEach((limit, links) -> {
            String set = limit.links(shared.chain());
            if (!added.contains(set) && tables.elements(table, set).size() <= links) {
                unused.computeIfAbsent(shared, each -> new ArrayList<>()).add(limit);
            }
        }));
        return unused;
    }

    /** What is counted for rates is asked by two chains. */
    private boolean isAsked(String counted) {
        return Arrays.stream(SharedChain.values())
                .filter(shared -> shared.guarded() && shared.table().equals(table))
                .anyMatch(shared -> anew.getOrDefault(shared, new TreeSet<>(tables.limits(shared))).stream()
                        .anyMatch(limit -> limit.counted(shared.chain()).equals(counted)));
    }
}
