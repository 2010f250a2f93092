package dev.openshell.netns.linux.rules;

import dev.openshell.netns.VethPair;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** What somebody changed of a sandbox's rules on the host, and what puts it right. */
public final class HostDrift {
    private static final String LINK = "(" + VethPair.HOST_PREFIX + "[a-z0-9]+)";

    /** The rules that the shared chains have, whichever sandbox they are for. */
    private static final Map<String, Map<String, Pattern>> KNOWN = Map.of(
            "raw",
                    Map.of(
                            Chains.SOURCE,
                            Pattern.compile("-A " + Chains.SOURCE + " (-s \\S+ -i " + LINK
                                    + "( -m comment --comment \"[^\"]*\")? -j RETURN|-j DROP)")),
            "nat",
                    Map.of(
                            Chains.POSTROUTING,
                            Pattern.compile("-A " + Chains.POSTROUTING + " -s \\S+ -j " + LINK + "-nat")),
            "filter",
                    Map.of(
                            Chains.FROM,
                            Pattern.compile("-A " + Chains.FROM + " -s \\S+ -i " + LINK + " -j \\1-from"),
                            Chains.LOCAL,
                            Pattern.compile("-A " + Chains.LOCAL + " -s \\S+ -i " + LINK + " -j \\1-local"),
                            Chains.TO,
                            Pattern.compile("-A " + Chains.TO + " -d \\S+ -o " + LINK + " -j \\1-to"),
                            Chains.UPLINK,
                            Pattern.compile("-A " + Chains.UPLINK
                                    + "( -i \\S+)? -m comment --comment \"?openshell:\\S+\"? -j DROP")));

    private final SavedRules saved;
    private final HostRules rules;

    /** Looks at {@code savedText}, which iptables-save printed. */
    public HostDrift(String savedText) {
        this.saved = SavedRules.parse(savedText);
        this.rules = HostRules.of(savedText);
    }

    /**
     * Returns what is not as it should be for {@code link}, empty where all is.
     *
     * @param loaded the input that was loaded for it beside the standing rules
     * @param guards the notes of the guards that have to be there, by link
     */
    public Optional<String> of(String link, String loaded, Map<String, ? extends Collection<String>> guards) {
        if (!rules.standing(loaded.contains("*nat\n")).isEmpty()) {
            return Optional.of("the standing deny is not whole, or not first");
        }
        List<String> strange = strangers();
        if (!strange.isEmpty()) {
            return Optional.of("'" + strange.get(0) + "' is in a chain of this library's");
        }
        for (Map.Entry<String, ? extends Collection<String>> guard : guards.entrySet()) {
            if (!rules.guards().getOrDefault(guard.getKey(), List.of()).containsAll(guard.getValue())) {
                return Optional.of(
                        "the guard of " + (guard.getKey().isEmpty() ? "all uplinks" : guard.getKey()) + " is gone");
            }
        }
        return own(link, SavedRules.ofLoaded(loaded));
    }

    private Optional<String> own(String link, SavedRules loaded) {
        for (String table : loaded.tables()) {
            for (String chain : loaded.chains(table)) {
                List<String> wanted = loaded.rules(table, chain);
                List<String> there = saved.rules(table, chain);
                boolean whole = Chains.link(chain).equals(link)
                        ? saved.hasChain(table, chain) && there.equals(wanted)
                        : there.containsAll(wanted);
                if (!whole) {
                    return Optional.of("chain " + chain + " of table " + table + " was changed");
                }
            }
        }
        return Optional.empty();
    }

    private List<String> strangers() {
        List<String> strange = new ArrayList<>();
        KNOWN.forEach((table, chains) -> chains.forEach((chain, known) -> saved.rules(table, chain).stream()
                .filter(rule -> !known.matcher(rule).matches())
                .forEach(strange::add)));
        return strange;
    }

    /**
     * Returns what takes the rules out of this library's chains that are none of its own: a chain that has some is
     * emptied and gets its own again, since not every rule can be named for deletion.
     */
    public String withoutStrangers() {
        List<String> lines = new ArrayList<>();
        KNOWN.forEach((table, chains) -> {
            List<String> body = new ArrayList<>();
            chains.forEach((chain, known) -> {
                List<String> there = saved.rules(table, chain);
                List<String> own = there.stream()
                        .filter(rule -> known.matcher(rule).matches())
                        .toList();
                if (own.size() < there.size()) {
                    body.add(":" + chain + " - [0:0]");
                    body.addAll(own);
                }
            });
            if (!body.isEmpty()) {
                lines.add("*" + table);
                body.stream().filter(line -> line.startsWith(":")).forEach(lines::add);
                body.stream().filter(line -> !line.startsWith(":")).forEach(lines::add);
                lines.add("COMMIT");
            }
        });
        return lines.isEmpty() ? "" : IptablesCompiler.text(lines);
    }
}
