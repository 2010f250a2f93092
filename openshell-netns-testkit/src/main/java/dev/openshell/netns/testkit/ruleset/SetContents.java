package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.ruleset.Numbers.Range;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ipsets and their members, read from what {@code ipset save} prints. */
public final class SetContents {
    private static final List<String> PARTS = List.of("ip", "net", "port", "iface");

    private record Part(String kind, Network network, Range ports, int protocol, String link) {}

    private static final Network ANYWHERE = Network.parse("0.0.0.0/0", Family.IPV4);

    private record Entry(List<Part> parts, boolean excluded, int width) {}

    private record Set(List<String> kinds, Family family, List<Entry> entries) {}

    private final Map<String, Set> sets = new LinkedHashMap<>();

    private SetContents() {}

    /** Returns no sets. */
    public static SetContents none() {
        return new SetContents();
    }

    /**
     * Returns the sets that {@code text} makes with {@code create} and {@code add} lines. Known are the hash types of
     * ip, net, port and iface.
     *
     * @throws RuleProblem for anything else
     */
    public static SetContents parse(String text) {
        SetContents contents = new SetContents();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            List<String> words = RestoreLines.words(line);
            if (words.isEmpty() || words.get(0).startsWith("#")) {
                continue;
            }
            try {
                contents.read(words);
            } catch (RuleProblem e) {
                throw e.at(number);
            }
        }
        return contents;
    }

    private void read(List<String> words) {
        if (words.size() < 3) {
            throw RuleProblem.refused(words.get(0), "needs a set and more");
        }
        switch (words.get(0)) {
            case "create" -> create(words.get(1), words.get(2), words.subList(3, words.size()));
            case "add" -> add(find(words.get(1)), words.get(2), words.subList(3, words.size()));
            default -> throw RuleProblem.unknown(words.get(0), "ipset command");
        }
    }

    private void create(String name, String type, List<String> options) {
        List<String> kinds =
                List.of(type.replaceFirst("^(hash|bitmap|list):", "").split(",", -1));
        boolean known = type.equals("list:set")
                || List.of("bitmap:ip", "bitmap:port").contains(type)
                || (type.startsWith("hash:") && PARTS.containsAll(kinds));
        if (!known) {
            throw RuleProblem.unknown(type, "set type");
        }
        int family = options.indexOf("family");
        boolean six = family >= 0
                && family + 1 < options.size()
                && options.get(family + 1).equals("inet6");
        if (sets.put(name, new Set(kinds, six ? Family.IPV6 : Family.IPV4, new ArrayList<>())) != null) {
            throw RuleProblem.refused(name, "a set of this name exists");
        }
    }

    private Set find(String name) {
        Set set = sets.get(name);
        if (set == null) {
            throw RuleProblem.refused(name, "no set of this name");
        }
        return set;
    }

    boolean has(String name) {
        return sets.containsKey(name);
    }

    private void add(Set set, String member, List<String> options) {
        List<String> words = List.of(member.split(",", -1));
        if (words.size() != set.kinds.size()) {
            throw RuleProblem.refused(member, "a member has as many parts as its set's type");
        }
        if (set.kinds.equals(List.of("set"))) {
            find(member);
            set.entries.add(new Entry(List.of(new Part("set", ANYWHERE, Numbers.PORTS, 0, member)), false, 0));
            return;
        }
        List<Part> parts = new ArrayList<>();
        int width = 0;
        for (int i = 0; i < words.size(); i++) {
            Part part = part(set.kinds.get(i), words.get(i), set.family);
            width += part.kind.equals("net") ? part.network.mask().prefix() : 0;
            parts.add(part);
        }
        set.entries.add(new Entry(List.copyOf(parts), options.contains("nomatch"), width));
    }

    private static Part part(String kind, String word, Family family) {
        Network all = Network.any(family);
        Range any = new Range(0, 65535);
        switch (kind) {
            case "ip", "net" -> {
                return new Part(kind, Network.parse(word, family), any, 0, "");
            }
            case "iface" -> {
                return new Part(kind, all, any, 0, word);
            }
            default -> {
                String[] protocol = word.split(":", 2);
                int number = protocol.length == 1 ? Header.TCP : Protocols.number(protocol[0]);
                if (!Header.hasPorts(number)) {
                    throw RuleProblem.unknown(word, "port of a protocol without ports");
                }
                String[] ends = protocol[protocol.length - 1].split("-", 2);
                Range range = new Range(Numbers.port(ends[0]), Numbers.port(ends[ends.length - 1]));
                return new Part(kind, all, range, number, "");
            }
        }
    }

    /** Of several networks that hold the packet the narrowest one counts. */
    boolean contains(String name, List<String> directions, Skb skb) {
        Set set = find(name);
        if (set.kinds.equals(List.of("set"))) {
            return set.entries.stream().anyMatch(entry -> contains(entry.parts.get(0).link, directions, skb));
        }
        if (directions.size() < set.kinds.size() || set.family != skb.header.family()) {
            return false;
        }
        Entry best = null;
        for (Entry entry : set.entries) {
            if ((best == null || entry.width > best.width) && holds(entry, directions, skb)) {
                best = entry;
            }
        }
        return best != null && !best.excluded;
    }

    private static boolean holds(Entry entry, List<String> directions, Skb skb) {
        for (int i = 0; i < entry.parts.size(); i++) {
            Part part = entry.parts.get(i);
            boolean source = directions.get(i).equals("src");
            Ip ip = source ? skb.header.source() : skb.header.destination();
            int port = source ? skb.header.sourcePort() : skb.header.destinationPort();
            boolean held =
                    switch (part.kind) {
                        case "port" -> skb.header.protocol() == part.protocol && part.ports.contains(port);
                        case "iface" -> part.link.equals(source ? skb.in : skb.out);
                        default -> part.network.contains(ip);
                    };
            if (!held) {
                return false;
            }
        }
        return true;
    }
}
