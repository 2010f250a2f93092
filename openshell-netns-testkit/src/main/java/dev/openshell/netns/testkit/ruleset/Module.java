package dev.openshell.netns.testkit.ruleset;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * An extension of iptables, a match or a target: its name and options.
 *
 * @param options each option with its count of values
 * @param aliases other spellings of options
 * @param make builds the extension from the options given
 */
record Module<T>(
        String name, Map<String, Integer> options, Map<String, String> aliases, Function<Given, T> make) {
    /** Returns a module; {@code options} are {@code --name COUNT} pairs, an alias is written {@code --name=--other}. */
    static <T> Module<T> of(String name, Function<Given, T> make, String... options) {
        Map<String, Integer> counts = new java.util.HashMap<>();
        Map<String, String> aliases = new java.util.HashMap<>();
        for (String option : options) {
            String[] parts = option.split("[ =]");
            if (option.contains("=")) {
                aliases.put(parts[0], parts[1]);
            } else {
                counts.put(parts[0], parts.length == 1 ? 0 : Integer.parseInt(parts[1]));
            }
        }
        return new Module<>(name, Map.copyOf(counts), Map.copyOf(aliases), make);
    }

    /** Returns the full name of {@code word} if it is one of this module's options. */
    Optional<String> option(String word) {
        String name = aliases.getOrDefault(word, word);
        return options.containsKey(name) ? Optional.of(name) : Optional.empty();
    }
}
