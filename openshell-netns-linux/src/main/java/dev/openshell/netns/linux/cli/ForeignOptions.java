package dev.openshell.netns.linux.cli;

import dev.openshell.netns.Family;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that take rules from elsewhere. */
final class ForeignOptions {
    @Option(
            names = "--rules",
            paramLabel = "FILE",
            description = "Take the rules that iptables-save printed to FILE ('-' is stdin).")
    private @Nullable String rules;

    @Option(names = "--family", paramLabel = "ipv4|ipv6", description = "The family of the rules in FILE.")
    private @Nullable String family;

    @Option(names = "--chain", paramLabel = "CHAIN", description = "The chain of FILE that packets begin at.")
    private @Nullable String chain;

    /** Returns whether there are rules from elsewhere. */
    boolean given() {
        return rules != null || family != null || chain != null;
    }

    /**
     * Returns their family.
     *
     * @throws IllegalArgumentException when there is none, or one of the three options is missing
     */
    Family family() {
        Map<String, @Nullable String> options = new LinkedHashMap<>();
        options.put("--rules", rules);
        options.put("--family", family);
        options.put("--chain", chain);
        List<String> missing = options.keySet().stream()
                .filter(option -> options.get(option) == null)
                .toList();
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(
                    "--rules, --family and --chain go together; give " + String.join(" and ", missing) + " too");
        }
        return switch (Objects.requireNonNull(family)) {
            case "ipv4" -> Family.IPV4;
            case "ipv6" -> Family.IPV6;
            default -> throw new IllegalArgumentException("--family: '" + family + "' is not ipv4 or ipv6");
        };
    }

    /** Returns the rules, read and understood. */
    Engine.Foreign read(Engine engine) {
        Family known = family();
        String text = TextFile.read("--rules", Objects.requireNonNull(rules), System.in);
        return engine.foreign(known, text, Objects.requireNonNull(chain));
    }

    /** Returns the chain's name. */
    String chain() {
        return Objects.requireNonNull(chain);
    }
}
