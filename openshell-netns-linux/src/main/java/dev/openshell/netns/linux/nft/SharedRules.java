package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.nft.NftTables.Present;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads a shared chain and what its sets hold: as jumps, and as rules of the sandboxes' own chains. */
final class SharedRules {
    /** So many kinds of limits come before what they limit. */
    private static final int LIMITS = 4;

    private final SharedChain shared;
    private final Family family;
    private final NftTables tables;
    private final List<Present> jumps = new ArrayList<>();
    private final Map<String, List<Present>> own = new TreeMap<>();
    private final List<Stray> strays = new ArrayList<>();

    /** An element that is none of this library's. */
    record Stray(String set, byte[] key) {}

    /** One of an own chain's rules, and where it belongs among those. */
    private record Placed(int index, Present rule) {}

    private SharedRules(SharedChain shared, Family family, NftTables tables) {
        this.shared = shared;
        this.family = family;
        this.tables = tables;
    }

    /** Reads {@code shared} with its sets. What is in there that this library does not write is a strange jump. */
    static SharedRules read(SharedChain shared, Family family, NftTables tables) {
        SharedRules read = new SharedRules(shared, family, tables);
        read.members();
        if (shared.hasOwn()) {
            read.own();
        }
        return read;
    }

    List<Present> jumps() {
        return jumps;
    }

    /** Returns the own chains by name. */
    Map<String, List<Present>> ownChains() {
        return own;
    }

    private interface Reading {
        void of(Element element);
    }

    private void each(String set, Reading reading) {
        for (Map<Integer, byte[]> attributes : tables.elements(shared.table(), set)) {
            try {
                reading.of(Element.of(attributes));
            } catch (IllegalArgumentException e) {
                stray(set, Element.key(attributes), e.getMessage());
            }
        }
    }

    private void stray(String set, byte[] key, String what) {
        strays.add(new Stray(set, key));
        jumps.add(NftTables.strange(0, new IllegalArgumentException("set " + set + " has " + what)));
    }

    /** Returns the elements that were shown as strange. */
    List<Stray> strays() {
        return strays;
    }

    private void members() {
        each(shared.members(), element -> {
            Key.Values key = shared.memberKey().read(element.key(), family);
            String link = shared.hasLink() ? key.link() : element.beside().link();
            NftRule jump = shared.jump(link, key.address(shared == SharedChain.TO ? Field.DESTINATION : Field.SOURCE));
            jump.comment = element.beside().comment();
            require(Arrays.equals(shared.memberKey(jump, family), element.key()) && !link.isEmpty(), "a jump");
            jumps.add(new Present(0, jump, RuleText.write(jump), 0, 0));
            if (shared.hasOwn()) {
                own.computeIfAbsent(shared.own(link), chain -> new ArrayList<>());
            }
        });
    }

    private void own() {
        Map<String, List<Placed>> rules = new TreeMap<>();
        own.keySet().forEach(chain -> rules.put(chain, new ArrayList<>()));
        limits(rules);
        flows(rules);
        own.clear();
        rules.forEach((chain, placed) -> {
            List<Present> there = new ArrayList<>();
            if (shared.guarded()) {
                NftRule midStream = SharedChain.midStream();
                there.add(new Present(0, midStream, RuleText.write(midStream), 0, 0));
            }
            placed.sort(Comparator.comparingInt(Placed::index));
            placed.forEach(each -> there.add(each.rule()));
            own.put(chain, there);
        });
    }

    /** Limits come before what they limit: the rate first, and what is for each destination. */
    private void limits(Map<String, List<Placed>> rules) {
        for (Limit limit : tables.limits(shared)) {
            Map<String, Element> dropped = new TreeMap<>();
            each(
                    limit.dropped(shared.chain()),
                    element ->
                            dropped.put(Limit.LINKS.read(element.key(), family).link(), element));
            each(limit.links(shared.chain()), element -> {
                String link = Limit.LINKS.read(element.key(), family).link();
                Element counter = dropped.remove(link);
                require(counter != null && element.beside().link().isEmpty(), "a limit of " + link);
                NftRule rule = limit.rule(link, element.beside().comment(), family);
                int place = limit.place() - LIMITS;
                add(rules, link, place, new Present(0, rule, RuleText.write(rule), counter.packets(), counter.bytes()));
            });
            dropped.values()
                    .forEach(each -> stray(limit.dropped(shared.chain()), each.key(), "a counter without its limit"));
        }
    }

    private void flows(Map<String, List<Placed>> rules) {
        Map<String, byte[]> services = new TreeMap<>();
        if (shared == SharedChain.LOCAL) {
            each(shared.services(), element -> services.put(Arrays.toString(element.key()), element.key()));
        }
        each(shared.flows(), element -> {
            Key.Values key = shared.flowKey().read(element.key(), family);
            String link = shared.hasLink() ? key.link() : element.beside().link();
            SharedChain.Flow flow = new SharedChain.Flow(
                    key.address(Field.FLOW_SOURCE),
                    key.address(Field.FLOW_DESTINATION),
                    key.number(Field.FLOW_PROTOCOL),
                    key.number(Field.FLOW_PORT));
            require(Arrays.equals(shared.flowKey(link, flow, family), element.key()) && !link.isEmpty(), "a flow");
            boolean served = shared != SharedChain.LOCAL
                    || services.remove(Arrays.toString(SharedChain.serviceKey(link, flow, family))) != null;
            require(served, "a flow of " + link + " without its service");
            NftRule rule = shared.rule(flow, element.beside().comment());
            add(rules, link, element.beside().index(), new Present(0, rule, RuleText.write(rule), 0, 0));
        });
        services.values().forEach(key -> stray(shared.services(), key, "a service without its flow"));
    }

    private void add(Map<String, List<Placed>> rules, String link, int index, Present rule) {
        rules.computeIfAbsent(shared.own(link), chain -> new ArrayList<>()).add(new Placed(index, rule));
    }

    private static void require(boolean is, String what) {
        if (!is) {
            throw new IllegalArgumentException("an element that is not " + what + " as this library writes it");
        }
    }

    /** Returns whether {@code rules}, each as its expressions, are those that the chain has to have. */
    boolean isWhole(List<byte[]> rules) {
        List<byte[]> wanted = shared.rules(tables.limits(shared), family);
        boolean whole = rules.size() == wanted.size() && tables.areSets(shared);
        for (int i = 0; whole && i < wanted.size(); i++) {
            whole = Shown.same(rules.get(i), wanted.get(i));
        }
        return whole;
    }
}
