package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Carries out restore input line by line on a copy of each table, which takes effect at COMMIT. */
final class Restore {
    private static final List<String> VERDICTS = List.of("ACCEPT", "DROP", "RETURN", "QUEUE");

    private final Ruleset ruleset;
    private final Family family;
    private final IptablesVariant variant;
    private final boolean keep;
    private @Nullable Table table;
    private boolean touched;
    /** The rules that were there before. */
    private final Set<Rule> fixed = Collections.newSetFromMap(new IdentityHashMap<>());

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
                line(line, number);
            } catch (RuleProblem e) {
                throw e.at(number);
            }
        }
        if (table != null) {
            throw RuleProblem.refused(table.kind().toString(), "COMMIT expected")
                    .at(number + 1);
        }
    }

    private void line(String line, int number) {
        if (line.startsWith("#") || line.startsWith("\n")) {
            return;
        }
        if (table == null) {
            if (!line.startsWith("*")) {
                throw RuleProblem.refused(line.strip(), "expected a table, such as *filter");
            }
            begin(RestoreLines.tokens(line.substring(1)));
        } else if (line.equals("COMMIT\n") || (line.equals("COMMIT") && variant != IptablesVariant.LEGACY)) {
            commit(table);
            table = null;
        } else if (line.startsWith(":")) {
            declare(table, RestoreLines.tokens(line.substring(1)));
        } else {
            List<String> words = RestoreLines.words(RestoreLines.withoutCounters(line));
            Command command = CommandParser.parse(family, variant, table.kind(), words);
            command.rules().forEach(rule -> rule.stoodOn(number));
            new Commands(table, variant, fixed).run(command);
            touched |= command != Command.NONE && command.letter() != 'Z';
        }
    }

    private void begin(List<String> words) {
        String name = words.isEmpty() ? "" : words.get(0);
        TableKind kind = TableKind.named(name).orElseThrow(() -> RuleProblem.refused(name, "can't initialize table"));
        Table old = ruleset.tables.getOrDefault(kind, new Table(kind));
        if (variant == IptablesVariant.LEGACY) {
            // Asking for a table makes it, whatever comes of it.
            ruleset.tables.putIfAbsent(kind, new Table(kind));
        }
        touched = keep && ruleset.tables.containsKey(kind);
        table = keep ? old.copy() : new Table(kind);
        fixed.clear();
        table.chains().forEach(chain -> fixed.addAll(chain.rules()));
        if (!keep && variant == IptablesVariant.LEGACY) {
            // The legacy tool flushes chains and leaves policies alone.
            for (Hook hook : kind.hooks()) {
                table.chain(hook.name()).drop(old.chain(hook.name()).drops());
            }
        }
    }

    private void commit(Table done) {
        Checks.check(done, variant);
        for (Chain chain : done.chains()) {
            for (Rule rule : chain.rules()) {
                if (variant == IptablesVariant.LEGACY || !fixed.contains(rule)) {
                    rule.matches().forEach(match -> match.load(ruleset.rates));
                }
            }
        }
        if (touched || variant == IptablesVariant.LEGACY) {
            ruleset.put(done);
        } else {
            ruleset.tables.remove(done.kind());
        }
        ruleset.forgetRates();
    }

    private void declare(Table into, List<String> words) {
        String name = words.isEmpty() ? "" : words.get(0);
        if (words.size() < 2 || name.length() > Names.LONGEST) {
            throw RuleProblem.refused(name, "policy missing, or name too long");
        }
        touched = true;
        String policy = words.get(1);
        if (into.kind().builtIn(name)) {
            if (!policy.equals("-")) {
                into.chain(name).drop(Commands.drops(policy));
            }
            return;
        }
        boolean legacy = variant == IptablesVariant.LEGACY;
        boolean sign = name.startsWith("-") || name.startsWith("!");
        if (VERDICTS.contains(name) || (!legacy && (sign || Names.hasSpace(name)))) {
            throw RuleProblem.refused(name, "invalid chain name");
        }
        if (into.users().containsKey(name)) {
            if (legacy && !keep) {
                throw RuleProblem.refused(name, "chain already exists");
            }
            into.chain(name).empty();
        } else {
            into.users().put(name, new Chain(name, false));
        }
        if (legacy && !policy.equals("-")) {
            throw RuleProblem.refused(policy, "a user chain has no policy");
        }
    }
}
