package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import java.util.ArrayList;
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
    private final TableKind table;
    private final Map<String, List<Value>> values = new LinkedHashMap<>();
    private Selector selector;

    Given(String module, Family family, TableKind table, Selector selector) {
        this.module = module;
        this.family = family;
        this.table = table;
        this.selector = selector;
    }

    /** Sets what the whole rule has come to select, and returns this. */
    Given of(Selector whole) {
        selector = whole;
        return this;
    }

    void put(String option, boolean negated, List<String> words, boolean repeatable) {
        List<Value> there = values.computeIfAbsent(option, name -> new ArrayList<>());
        if (!there.isEmpty() && !repeatable) {
            throw RuleProblem.refused(option, "option of " + module + " can only be used once");
        }
        there.add(new Value(negated, List.copyOf(words)));
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
        return all(option).stream().findFirst();
    }

    List<Value> all(String option) {
        return values.getOrDefault(option, List.of());
    }

    Optional<String> word(String option) {
        return find(option).map(Value::word);
    }

    /** Returns the one value of an option that takes no {@code !}. */
    Optional<String> plain(String option) {
        find(option).filter(Value::negated).ifPresent(value -> {
            throw RuleProblem.refused(option, "can't be negated");
        });
        return word(option);
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
