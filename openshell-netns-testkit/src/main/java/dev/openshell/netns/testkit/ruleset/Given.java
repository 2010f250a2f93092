package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The options that a rule gives to one extension, and what else of the rule that extension asks for. */
final class Given {
    /** One option: whether {@code !} stood before it, and its values. */
    record Value(boolean negated, List<String> words) {
        String word() {
            return words.get(0);
        }
    }

    private final String module;
    private final Family family;
    private final IptablesVariant variant;
    private final TableKind table;
    private final Map<String, Value> values = new LinkedHashMap<>();
    private Selector selector;

    Given(String module, Family family, IptablesVariant variant, TableKind table, Selector selector) {
        this.module = module;
        this.family = family;
        this.variant = variant;
        this.table = table;
        this.selector = selector;
    }

    /** Sets what the whole rule has come to select, and returns this. */
    Given of(Selector whole) {
        selector = whole;
        return this;
    }

    void put(String option, boolean negated, List<String> words) {
        if (values.put(option, new Value(negated, List.copyOf(words))) != null) {
            throw RuleProblem.refused(option, "option of " + module + " can only be used once");
        }
    }

    /** Returns whether the rule is for the nft variant. */
    boolean nft() {
        return variant == IptablesVariant.NFT;
    }

    Family family() {
        return family;
    }

    TableKind table() {
        return table;
    }

    Selector selector() {
        return selector;
    }

    boolean has(String option) {
        return values.containsKey(option);
    }

    boolean isEmpty() {
        return values.isEmpty();
    }

    boolean negated(String option) {
        return find(option).map(Value::negated).orElse(false);
    }

    Optional<Value> find(String option) {
        return Optional.ofNullable(values.get(option));
    }

    Optional<String> word(String option) {
        return find(option).map(Value::word);
    }

    /** Returns the one option that is given. */
    String exactlyOne() {
        if (values.size() != 1) {
            throw RuleProblem.refused(module, values.isEmpty() ? "needs an option" : "options exclude each other");
        }
        return values.keySet().iterator().next();
    }

    RuleProblem needs(String option) {
        return RuleProblem.refused(module, option + " must be specified");
    }
}
