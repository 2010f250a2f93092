package dev.openshell.netns.testkit.ruleset;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * An extension of iptables, a match or a target: its name and options.
 *
 * @param options each option with its count of values
 * @param negatable the options that {@code !} may stand before
 * @param spellings each option and each other spelling of one, with the option
 * @param make builds the extension from the options given
 */
record Module<T>(
        String name,
        Map<String, Integer> options,
        Set<String> negatable,
        Map<String, String> spellings,
        Function<Given, T> make) {
    /**
     * Returns a module. An option is written {@code --name COUNT}, with {@code !} before it where it is negatable; an
     * alias {@code --name=--other}.
     */
    static <T> Module<T> of(String name, Function<Given, T> make, String... options) {
        Map<String, Integer> counts = new HashMap<>();
        Set<String> negatable = new HashSet<>();
        Map<String, String> spellings = new HashMap<>();
        for (String written : options) {
            String option = written.replace("!", "");
            String[] parts = option.split("[ =]");
            if (option.contains("=")) {
                spellings.put(parts[0], parts[1]);
                continue;
            }
            counts.put(parts[0], parts.length == 1 ? 0 : Integer.parseInt(parts[1]));
            spellings.put(parts[0], parts[0]);
            if (written.startsWith("!")) {
                negatable.add(parts[0]);
            }
        }
        return new Module<>(name, Map.copyOf(counts), Set.copyOf(negatable), Map.copyOf(spellings), make);
    }
}
