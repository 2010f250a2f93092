package dev.openshell.netns.testkit.ruleset;

import static dev.openshell.netns.testkit.ruleset.Hook.FORWARD;
import static dev.openshell.netns.testkit.ruleset.Hook.INPUT;
import static dev.openshell.netns.testkit.ruleset.Hook.OUTPUT;
import static dev.openshell.netns.testkit.ruleset.Hook.POSTROUTING;
import static dev.openshell.netns.testkit.ruleset.Hook.PREROUTING;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The tables, in the order in which iptables-nft-save prints them, and their built-in chains. */
public enum TableKind {
    MANGLE(PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING),
    SECURITY(INPUT, FORWARD, OUTPUT),
    RAW(PREROUTING, OUTPUT),
    FILTER(INPUT, FORWARD, OUTPUT),
    NAT(PREROUTING, INPUT, OUTPUT, POSTROUTING);

    private final List<Hook> hooks;

    TableKind(Hook... hooks) {
        this.hooks = List.of(hooks);
    }

    /** Returns the hooks that this table has a chain at. */
    public List<Hook> hooks() {
        return hooks;
    }

    boolean builtIn(String chain) {
        return hooks.stream().anyMatch(hook -> hook.name().equals(chain));
    }

    static Optional<TableKind> named(String name) {
        return List.of(values()).stream()
                .filter(kind -> kind.toString().equals(name))
                .findFirst();
    }

    /** Returns the name as in {@code *filter}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
