package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.ruleset.Chain;
import dev.openshell.netns.linux.ruleset.Ruleset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Compares rules that were read back with those that were sent. Inside, all are this sandbox's; on the host, those of its
 * own chains and those of the shared ones that name its link, while other sandboxes come and go beside it.
 */
final class Comparison {
    static final String REMEDY = "somebody changed them: close the sandbox and apply again";

    private static final List<String> TABLES = List.of("raw", "mangle", "nat", "filter", "security");

    private final VethPair veth;
    private final Family family;

    Comparison(VethPair veth, Family family) {
        this.veth = veth;
        this.family = family;
    }

    void check(Rulesets sent, Rulesets loaded) {
        compare("sandbox", sent.sandbox(family), loaded.sandbox(family), chain -> true, line -> true);
        String own = veth.hostInterface() + "-";
        Predicate<String> named = line -> (line + " ").contains(" " + veth.hostInterface() + " ");
        compare("host", sent.host(family), loaded.host(family), chain -> chain.startsWith(own), line -> true);
        compare("host", sent.host(family), loaded.host(family), chain -> !chain.startsWith(own), named);
    }

    private void compare(String end, Ruleset sent, Ruleset loaded, Predicate<String> chains, Predicate<String> lines) {
        for (String table : TABLES) {
            List<String> names = new ArrayList<>(sent.chains(table));
            loaded.chains(table).stream().filter(name -> !names.contains(name)).forEach(names::add);
            for (String name : names) {
                if (chains.test(name)) {
                    String place = Obligation.place(end, family, table + " " + name);
                    if (end.equals("sandbox")) {
                        policies(place, sent, loaded, table, name);
                    }
                    compare(place, lines(sent, table, name, lines), lines(loaded, table, name, lines));
                }
            }
        }
    }

    /** A built-in chain's policy decides where its rules are gone. */
    private static void policies(String place, Ruleset sent, Ruleset loaded, String table, String name) {
        String was = sent.chain(table, name).map(Chain::policy).orElse("-");
        String is = loaded.chain(table, name).map(Chain::policy).orElse("-");
        if (!was.equals(is)) {
            throw VerificationException.changed(place, "sent was policy " + was + ", there is " + is, REMEDY);
        }
    }

    private static List<String> lines(Ruleset rules, String table, String name, Predicate<String> wanted) {
        return rules.chain(table, name).map(Chain::lines).orElse(List.of()).stream()
                .filter(wanted)
                .toList();
    }

    private static void compare(String place, List<String> sent, List<String> loaded) {
        for (int i = 0; i < Math.max(sent.size(), loaded.size()); i++) {
            String was = i < sent.size() ? sent.get(i) : "no rule";
            String is = i < loaded.size() ? loaded.get(i) : "no rule";
            if (!was.equals(is)) {
                throw VerificationException.changed(place, "sent was '" + was + "', there is '" + is + "'", REMEDY);
            }
        }
    }
}
