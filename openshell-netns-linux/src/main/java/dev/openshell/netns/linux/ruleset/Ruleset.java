package dev.openshell.netns.linux.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.base.RestoreLines;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The rules of one namespace and family, as the texts that are loaded one after the other make them. */
public final class Ruleset {
    private static final Map<String, List<String>> BUILT_IN = Map.of(
            "raw", List.of("PREROUTING", "OUTPUT"),
            "mangle", List.of("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
            "nat", List.of("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
            "filter", List.of("INPUT", "FORWARD", "OUTPUT"),
            "security", List.of("INPUT", "FORWARD", "OUTPUT"));

    private final Family family;
    private final Map<String, Map<String, Chain>> tables = new LinkedHashMap<>();

    /** Makes an empty one: no rules, and all packets accepted. */
    public Ruleset(Family family) {
        this.family = family;
    }

    /** Returns whether {@code other} has the same chains with the same rules. */
    public boolean same(Ruleset other) {
        if (!tables.keySet().equals(other.tables.keySet())) {
            return false;
        }
        for (Map.Entry<String, Map<String, Chain>> table : tables.entrySet()) {
            if (!same(table.getValue(), other.tables.get(table.getKey()))) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(Map<String, Chain> one, Map<String, Chain> other) {
        if (!one.keySet().equals(other.keySet())) {
            return false;
        }
        for (Chain chain : one.values()) {
            if (!chain.same(other.get(chain.name()))) {
                return false;
            }
        }
        return true;
    }

    /** Returns another with the same rules. */
    public Ruleset copy() {
        Ruleset copy = new Ruleset(family);
        for (Map.Entry<String, Map<String, Chain>> table : tables.entrySet()) {
            Map<String, Chain> copied = copy.table(table.getKey());
            for (Map.Entry<String, Chain> chain : table.getValue().entrySet()) {
                copied.put(chain.getKey(), chain.getValue().copy());
            }
        }
        return copy;
    }

    /** Returns the family. */
    public Family family() {
        return family;
    }

    /** Returns the chain of that name, empty where there is none; built-in ones are always there. */
    public Optional<Chain> chain(String table, String name) {
        Map<String, Chain> chains = tables.get(table);
        return Optional.ofNullable((chains == null ? empty(table) : chains).get(name));
    }

    /** Returns whether any text had that table. */
    public boolean has(String table) {
        return tables.containsKey(table);
    }

    /** Returns the names of a table's chains. */
    public List<String> chains(String table) {
        return List.copyOf(tables.getOrDefault(table, Map.of()).keySet());
    }

    private Map<String, Chain> table(String name) {
        Map<String, Chain> chains = tables.get(name);
        if (chains == null) {
            chains = empty(name);
            tables.put(name, chains);
        }
        return chains;
    }

    private Map<String, Chain> empty(String table) {
        Map<String, Chain> chains = new LinkedHashMap<>();
        for (String name : BUILT_IN.getOrDefault(table, List.of())) {
            chains.put(name, new Chain(family, name, "ACCEPT"));
        }
        return chains;
    }

    /**
     * Does what iptables-restore does with {@code text}, with {@code keep} as under {@code --noflush}. A text that it
     * would refuse is an error here too, but for what single rules say, which is looked at when it matters.
     *
     * @throws UnknownTokenException for a line that is none of those known
     */
    public void load(String text, boolean keep) {
        String table = "";
        for (String each : RestoreLines.of(text)) {
            if (each.endsWith("\r")) {
                throw new UnknownTokenException("\\r", each.strip());
            }
            String line = each.strip();
            if (line.startsWith("*")) {
                boolean open = !table.isEmpty();
                table = line.substring(1).strip();
                if (open || !BUILT_IN.containsKey(table)) {
                    throw new UnknownTokenException(line, line);
                }
                if (!keep) {
                    tables.put(table, empty(table));
                }
            } else if (line.equals("COMMIT")) {
                table = "";
            } else if (!line.isEmpty() && !line.startsWith("#")) {
                if (table.isEmpty()) {
                    throw new UnknownTokenException(line.split(" ", 2)[0], line);
                }
                command(table(table), line);
            }
        }
        if (!table.isEmpty()) {
            // Cut off: iptables-restore loads nothing of such a table.
            throw new UnknownTokenException("*" + table, "a text whose table " + table + " has no COMMIT");
        }
    }

    private void command(Map<String, Chain> chains, String line) {
        if (line.startsWith(":")) {
            declare(chains, line);
            return;
        }
        // iptables-save -c puts the counters first.
        String rule =
                line.startsWith("[") ? line.substring(line.indexOf(']') + 1).strip() : line;
        String[] words = rule.split(" ", 3);
        Chain chain = words.length < 2 ? null : chains.get(words[1]);
        if (words[0].equals("-N") && words.length == 2 && chain == null) {
            chains.put(words[1], new Chain(family, words[1], "-"));
            return;
        }
        if (chain == null) {
            throw new UnknownTokenException(words.length < 2 ? words[0] : words[1], line);
        }
        String rest = words.length < 3 ? "" : words[2];
        switch (words[0]) {
            case "-A" -> chain.lines().add(rule);
            case "-I" -> insert(chain, rest, line);
            case "-D" -> {
                if (!chain.lines().remove(appended(chain, rest))) {
                    throw new UnknownTokenException(rest, line);
                }
            }
            case "-P" -> policy(chain, rest.split(" ", 2)[0], line);
            case "-F" -> chain.lines().clear();
            case "-X" -> {
                if (!chain.policy().equals("-")) {
                    throw new UnknownTokenException(chain.name(), line);
                }
                chains.remove(chain.name());
            }
            default -> throw new UnknownTokenException(words[0], line);
        }
    }

    private void declare(Map<String, Chain> chains, String line) {
        String[] words = line.substring(1).split(" ");
        if (words.length < 2 || !List.of("-", "ACCEPT", "DROP").contains(words[1])) {
            throw new UnknownTokenException(words.length < 2 ? line : words[1], line);
        }
        Chain chain = chains.get(words[0]);
        if (chain == null) {
            chain = new Chain(family, words[0], "-");
            chains.put(words[0], chain);
        }
        if (!words[1].equals("-")) {
            policy(chain, words[1], line);
        } else if (chain.policy().equals("-")) {
            chain.lines().clear();
        }
    }

    /** Only built-in chains have one. */
    private static void policy(Chain chain, String policy, String line) {
        if (chain.policy().equals("-") || !List.of("ACCEPT", "DROP").contains(policy)) {
            throw new UnknownTokenException(policy, line);
        }
        chain.policy(policy);
    }

    private static void insert(Chain chain, String rest, String line) {
        String[] parts = rest.split(" ", 2);
        // A number that begins with 0 is octal to iptables, and none here.
        boolean numbered = parts[0].matches("[1-9][0-9]{0,5}");
        int at = numbered ? Integer.parseInt(parts[0]) - 1 : 0;
        if (at < 0 || at > chain.lines().size()) {
            throw new UnknownTokenException(parts[0], line);
        }
        chain.lines().add(at, appended(chain, !numbered ? rest : parts.length > 1 ? parts[1] : ""));
    }

    private static String appended(Chain chain, String rest) {
        return rest.isEmpty() ? "-A " + chain.name() : "-A " + chain.name() + " " + rest;
    }
}
