package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Carries out restore input line by line on a copy of each table, which takes effect at COMMIT. */
final class Restore {
    private static final int LONGEST_CHAIN = 28;
    private static final String COUNTERS = "\\[[0-9]+:[0-9]+\\]";

    private final Ruleset ruleset;
    private final Family family;
    private final IptablesVariant variant;
    private final boolean keep;
    private @Nullable Table table;
    private boolean touched;
    private final java.util.Set<String> declared = new java.util.HashSet<>();

    Restore(Ruleset ruleset, Family family, IptablesVariant variant, boolean keep) {
        this.ruleset = ruleset;
        this.family = family;
        this.variant = variant;
        this.keep = keep;
    }

    void run(String text) {
        int number = 0;
        for (String line : RestoreLines.of(text)) {
            number++;
            try {
                line(line);
            } catch (RuleProblem e) {
                throw e.at(number);
            }
        }
        if (table != null) {
            throw RuleProblem.refused(table.kind().toString(), "COMMIT expected").at(number + 1);
        }
    }

    private void line(String line) {
        if (line.startsWith("#") || line.startsWith("\n")) {
            return;
        }
        if (table == null) {
            if (!line.startsWith("*")) {
                throw RuleProblem.refused(line.strip(), "expected a table, such as *filter");
            }
            begin(line.substring(1).strip());
        } else if (line.equals("COMMIT\n") || (line.equals("COMMIT") && variant != IptablesVariant.LEGACY)) {
            commit(table);
            table = null;
        } else if (line.startsWith(":")) {
            declare(table, line.substring(1).strip().split("[ \t\n]+"));
        } else {
            command(table, RestoreLines.words(line));
        }
    }

    private void begin(String word) {
        String name = word.split("[ \t]+")[0];
        TableKind kind =
                TableKind.named(name).orElseThrow(() -> RuleProblem.refused(name, "can't initialize table"));
        Table old = ruleset.tables.getOrDefault(kind, new Table(kind));
        if (variant == IptablesVariant.LEGACY) {
            // Asking for a table makes it, whatever comes of it.
            ruleset.tables.putIfAbsent(kind, new Table(kind));
        }
        touched = keep && ruleset.tables.containsKey(kind);
        declared.clear();
        table = keep ? old.copy() : new Table(kind);
        if (!keep && variant == IptablesVariant.LEGACY) {
            // The legacy tool flushes chains and leaves policies alone.
            for (Hook hook : kind.hooks()) {
                Chain kept = old.chain(hook.name()).copy();
                table.chain(hook.name()).policy(kept.policy() == Outcome.DROP);
            }
        }
    }

    private void commit(Table done) {
        Checks.check(done);
        if (touched || variant == IptablesVariant.LEGACY) {
            ruleset.put(done);
        } else {
            ruleset.tables.remove(done.kind());
        }
    }

    private void declare(Table into, String[] words) {
        String name = words[0];
        if (words.length < 2) {
            throw RuleProblem.refused(name, "policy missing");
        }
        touched = true;
        String policy = words[1];
        if (into.kind().builtIn(name)) {
            if (!policy.equals("-")) {
                into.chain(name).policy(policy(policy));
            }
            return;
        }
        create(into, name, true);
        if (!policy.equals("-") && variant == IptablesVariant.LEGACY) {
            throw RuleProblem.refused(policy, "a user chain has no policy");
        }
    }

    private static boolean policy(String word) {
        if (!word.equals("ACCEPT") && !word.equals("DROP")) {
            throw RuleProblem.refused(word, "a policy is ACCEPT or DROP");
        }
        return word.equals("DROP");
    }

    private void create(Table into, String name, boolean again) {
        boolean verdict = List.of("ACCEPT", "DROP", "RETURN", "QUEUE").contains(name);
        boolean dash = name.startsWith("-") && variant != IptablesVariant.LEGACY;
        if (name.isEmpty() || name.length() > LONGEST_CHAIN || verdict || dash) {
            throw RuleProblem.refused(name, "invalid chain name");
        }
        boolean exists = into.users().containsKey(name);
        if (exists && (!again || (variant == IptablesVariant.LEGACY && (!keep || declared.contains(name))))) {
            throw RuleProblem.refused(name, "chain already exists");
        }
        declared.add(name);
        if (exists) {
            into.chain(name).rules().clear();
        } else {
            into.users().put(name, new Chain(name, false));
        }
    }

    private static final Map<String, String> COMMANDS = Map.ofEntries(
            Map.entry("--append", "-A"),
            Map.entry("--insert", "-I"),
            Map.entry("--delete", "-D"),
            Map.entry("--replace", "-R"),
            Map.entry("--flush", "-F"),
            Map.entry("--delete-chain", "-X"),
            Map.entry("--new-chain", "-N"),
            Map.entry("--new", "-N"),
            Map.entry("--policy", "-P"),
            Map.entry("--zero", "-Z"));

    private void command(Table into, List<String> words) {
        List<String> rest = words;
        if (!rest.isEmpty() && rest.get(0).matches(COUNTERS)) {
            rest = rest.subList(1, rest.size());
        }
        if (rest.isEmpty()) {
            throw RuleProblem.refused("", "no command specified");
        }
        touched = true;
        String command = COMMANDS.getOrDefault(rest.get(0), rest.get(0));
        Optional<String> chain = rest.size() > 1 ? Optional.of(rest.get(1)) : Optional.empty();
        List<String> spec = rest.size() > 2 ? rest.subList(2, rest.size()) : List.of();
        switch (command) {
            case "-A" -> into.chain(required(chain, command))
                    .rules()
                    .addAll(RuleParser.parse(family, into, chain.orElseThrow(), spec));
            case "-I" -> insert(into, required(chain, command), spec);
            case "-D" -> delete(into, required(chain, command), spec);
            case "-R" -> replace(into, required(chain, command), spec);
            case "-F" -> flush(into, chain);
            case "-X" -> remove(into, chain);
            case "-N" -> create(into, required(chain, command), false);
            case "-P" -> {
                if (spec.isEmpty() || !into.kind().builtIn(required(chain, command))) {
                    throw RuleProblem.refused(command, "needs a built-in chain and a policy");
                }
                into.chain(chain.orElseThrow()).policy(policy(spec.get(0)));
            }
            default -> throw command.startsWith("-")
                    ? RuleProblem.unknown(command, "command")
                    : RuleProblem.refused(command, "bad argument");
        }
    }

    private static String required(Optional<String> chain, String command) {
        return chain.orElseThrow(() -> RuleProblem.refused(command, "needs a chain"));
    }

    private static boolean numbered(List<String> spec) {
        return !spec.isEmpty() && spec.get(0).matches("[0-9]+");
    }

    private static int index(List<String> spec, int highest) {
        long number = Numbers.upTo(spec.get(0), Integer.MAX_VALUE, "rule number");
        if (number < 1 || number > highest) {
            throw RuleProblem.refused(spec.get(0), "no rule of that number");
        }
        return (int) number - 1;
    }

    private void insert(Table into, String name, List<String> spec) {
        List<Rule> rules = into.chain(name).rules();
        int at = numbered(spec) ? index(spec, rules.size() + 1) : 0;
        List<String> rule = numbered(spec) ? spec.subList(1, spec.size()) : spec;
        rules.addAll(at, RuleParser.parse(family, into, name, rule));
    }

    private void delete(Table into, String name, List<String> spec) {
        List<Rule> rules = into.chain(name).rules();
        if (numbered(spec)) {
            if (spec.size() > 1) {
                throw RuleProblem.refused(spec.get(1), "illegal option behind a rule number");
            }
            rules.remove(index(spec, rules.size()));
            return;
        }
        for (Rule doomed : RuleParser.parse(family, into, name, spec)) {
            Rule found = rules.stream()
                    .filter(rule -> rule.text().equals(doomed.text()))
                    .findFirst()
                    .orElseThrow(() -> RuleProblem.refused(doomed.text(), "no such rule in that chain"));
            rules.remove(found);
        }
    }

    private void replace(Table into, String name, List<String> spec) {
        List<Rule> rules = into.chain(name).rules();
        if (!numbered(spec)) {
            throw RuleProblem.refused("-R", "needs a rule number");
        }
        List<Rule> made = RuleParser.parse(family, into, name, spec.subList(1, spec.size()));
        if (made.size() != 1) {
            throw RuleProblem.refused("-R", "can't replace with several rules");
        }
        rules.set(index(spec, rules.size()), made.get(0));
    }

    private static void flush(Table into, Optional<String> chain) {
        if (chain.isPresent()) {
            into.chain(chain.get()).rules().clear();
        } else {
            into.chains().forEach(each -> each.rules().clear());
        }
    }

    private static void remove(Table into, Optional<String> chain) {
        if (chain.isEmpty()) {
            throw RuleProblem.unknown("-X", "deleting all chains");
        }
        String name = chain.get();
        Chain doomed = into.chain(name);
        boolean used = into.chains().stream()
                .flatMap(each -> each.rules().stream())
                .anyMatch(rule -> rule.target().chain().equals(name));
        if (doomed.builtIn() || used || !doomed.rules().isEmpty()) {
            throw RuleProblem.refused(name, "chain is built in, not empty, or in use");
        }
        into.users().remove(name);
    }
}
