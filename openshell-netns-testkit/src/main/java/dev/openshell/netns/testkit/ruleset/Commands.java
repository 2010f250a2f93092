package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.IptablesVariant;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Carries commands out on a table.
 *
 * @param fixed the rules that were there before this restore
 */
record Commands(Table table, IptablesVariant variant, Set<Rule> fixed) {
    /** A comment of which the legacy tool compares an uncertain part: how much depends on what memory held before. */
    private static final Pattern LONG_COMMENT = Pattern.compile(".*--comment \"?[^\"]{128,}.*");

    void run(Command command) {
        switch (command.letter()) {
            case 'A' -> rules(command).addAll(checked(command));
            case 'I' -> insert(command);
            case 'C' -> command.rules().forEach(rule -> find(rule, rules(command)));
            case 'D' -> delete(command);
            case 'R' -> replace(command);
            case 'F' -> flush(command);
            case 'X' -> remove(command);
            case 'N' -> create(command.name());
            case 'P' -> setPolicy(command.name(), command.policy().orElseThrow());
            case 'Z' -> zero(command);
            case '-' -> {}
            default -> throw new IllegalStateException("command " + command.letter());
        }
    }

    private List<Rule> rules(Command command) {
        return table.chain(command.name()).rules();
    }

    private static int index(Command command, int highest) {
        int number = command.number().orElse(1);
        if (number > highest) {
            throw RuleProblem.refused(Integer.toString(number), "no rule of that number");
        }
        return number - 1;
    }

    private void insert(Command command) {
        List<Rule> rules = rules(command);
        int index = index(command, rules.size() + 1);
        if (variant == IptablesVariant.NFT
                && index > 0
                && table.chain(command.name()).emptied()) {
            throw RuleProblem.unknown(
                    "-I",
                    "a rule number in a chain that the same restore emptied, which iptables"
                            + " takes for a number of the old rules,");
        }
        checked(command).forEach(rule -> rules.add(index, rule));
    }

    /** Returns the rules, whose chains are all there. */
    private List<Rule> checked(Command command) {
        for (Rule rule : command.rules()) {
            String chain = rule.target().chain();
            if (!chain.isEmpty() && !table.users().containsKey(chain)) {
                throw RuleProblem.refused(chain, "no chain, target or match by that name");
            }
        }
        return command.rules();
    }

    private int find(Rule wanted, List<Rule> rules) {
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).text().equals(wanted.text())) {
                return i;
            }
        }
        if (variant == IptablesVariant.LEGACY
                && LONG_COMMENT.matcher(wanted.text()).matches()) {
            throw RuleProblem.unknown("--comment", "finding a rule by another long comment");
        }
        throw RuleProblem.refused(wanted.text(), "no such rule in that chain");
    }

    private void delete(Command command) {
        List<Rule> rules = rules(command);
        if (command.number().isPresent()) {
            remove(index(command, rules.size()), command);
        }
        command.rules().forEach(rule -> remove(find(rule, rules), command));
    }

    private void remove(int index, Command command) {
        Chain chain = table.chain(command.name());
        Rule removed = chain.rules().remove(index);
        if (variant != IptablesVariant.LEGACY && !fixed.contains(removed)) {
            Checks.sent(removed, chain, table);
        }
    }

    private void replace(Command command) {
        List<Rule> rules = rules(command);
        int index = index(command, rules.size());
        if (variant != IptablesVariant.LEGACY && !fixed.contains(rules.get(index))) {
            throw RuleProblem.unknown("-R", "replacing a rule of the same restore, at which iptables crashes,");
        }
        rules.set(index, checked(command).get(0));
    }

    private void all(String command) {
        throw RuleProblem.unknown(command, "a command for all chains");
    }

    private void flush(Command command) {
        if (command.chain().isPresent()) {
            table.chain(command.name()).empty();
        } else if (variant != IptablesVariant.NFT) {
            table.chains().forEach(chain -> chain.rules().clear());
        } else {
            all("-F");
        }
    }

    private void remove(Command command) {
        if (command.chain().isPresent()) {
            remove(command.name());
        } else if (variant == IptablesVariant.NFT) {
            all("-X");
        } else {
            List.copyOf(table.users().keySet()).forEach(this::remove);
        }
    }

    private void remove(String name) {
        Chain doomed = table.chain(name);
        boolean used = table.chains().stream()
                .flatMap(chain -> chain.rules().stream())
                .anyMatch(rule -> rule.target().chain().equals(name));
        if (doomed.builtIn() || used || !doomed.rules().isEmpty()) {
            throw RuleProblem.refused(name, "chain is built in, not empty, or in use");
        }
        table.users().remove(name);
    }

    private void create(String name) {
        if (table.has(name)) {
            throw RuleProblem.refused(name, "chain already exists");
        }
        table.users().put(name, new Chain(name, false));
    }

    private void setPolicy(String name, String policy) {
        if (!table.kind().builtIn(name)) {
            throw RuleProblem.refused(name, "only a built-in chain has a policy");
        }
        table.chain(name).drop(drops(policy));
    }

    private void zero(Command command) {
        if (command.number().isPresent()) {
            index(command, rules(command).size());
        }
        if (command.chain().isPresent() && variant != IptablesVariant.LEGACY) {
            throw RuleProblem.unknown("-Z", "zeroing one chain");
        }
        command.chain().ifPresent(table::chain);
    }

    /** Returns whether a policy drops. */
    static boolean drops(String policy) {
        if (!policy.equals("ACCEPT") && !policy.equals("DROP")) {
            throw RuleProblem.refused(policy, "a policy is ACCEPT or DROP");
        }
        return policy.equals("DROP");
    }
}
