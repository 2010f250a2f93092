package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A table and its chains. */
final class Table {
    private final TableKind kind;
    private final Map<String, Chain> builtIns = new LinkedHashMap<>();
    private final Map<String, Chain> users = new TreeMap<>();

    Table(TableKind kind) {
        this.kind = kind;
        kind.hooks().forEach(hook -> builtIns.put(hook.name(), new Chain(hook.name(), true)));
    }

    Table copy() {
        Table copy = new Table(kind);
        builtIns.forEach((name, chain) -> copy.builtIns.put(name, chain.copy()));
        users.forEach((name, chain) -> copy.users.put(name, chain.copy()));
        return copy;
    }

    TableKind kind() {
        return kind;
    }

    Map<String, Chain> users() {
        return users;
    }

    List<Chain> chains() {
        List<Chain> chains = new ArrayList<>(builtIns.values());
        chains.addAll(users.values());
        return chains;
    }

    boolean has(String chain) {
        return builtIns.containsKey(chain) || users.containsKey(chain);
    }

    Chain chain(String name) {
        Chain chain = builtIns.getOrDefault(name, users.get(name));
        if (chain == null) {
            throw RuleProblem.refused(name, "no chain by that name");
        }
        return chain;
    }

    private record Frame(Chain chain, int next) {}

    /** Returns what becomes of {@code skb} at {@code hook}, and adds each rule that matches to {@code matched}. */
    Outcome run(Hook hook, Skb skb, View view, List<String> matched) {
        Chain chain = builtIns.get(hook.name());
        if (chain == null) {
            return Outcome.ACCEPT;
        }
        List<Frame> callers = new ArrayList<>();
        int next = 0;
        while (true) {
            Outcome outcome = Outcome.RETURN;
            Target target = null;
            while (next < chain.rules().size()) {
                Rule rule = chain.rules().get(next++);
                if (rule.matches(skb, view)) {
                    matched.add("-A " + chain.name() + (rule.text().isEmpty() ? "" : " " + rule.text()));
                    target = rule.target();
                    outcome = target.apply(skb);
                    if (outcome != Outcome.CONTINUE) {
                        break;
                    }
                }
                outcome = Outcome.RETURN;
            }
            if (outcome == Outcome.JUMP) {
                if (!target.isGoto()) {
                    callers.add(new Frame(chain, next));
                } else if (callers.isEmpty()) {
                    // Behind a goto from a built-in chain there is only the policy.
                    callers.add(new Frame(chain, chain.rules().size()));
                }
                chain = users.get(target.chain());
                next = 0;
            } else if (outcome != Outcome.RETURN) {
                return outcome;
            } else if (callers.isEmpty()) {
                return chain.policy();
            } else {
                Frame caller = callers.remove(callers.size() - 1);
                chain = caller.chain;
                next = caller.next;
            }
        }
    }

    /** Returns its rules with the packets that each matched. */
    List<String> counted() {
        List<String> lines = new ArrayList<>();
        for (Chain chain : chains()) {
            for (Rule rule : chain.rules()) {
                lines.add(rule.packets() + " " + kind + " -A " + chain.name() + " " + rule.text());
            }
        }
        return lines;
    }

    /** Returns it as iptables-save prints it, with the chains' counters and the rules' where they are wanted. */
    String text(boolean counters, boolean ruleCounters) {
        StringBuilder text = new StringBuilder("*" + kind + "\n");
        for (Chain chain : chains()) {
            text.append(chain.declaration(counters)).append('\n');
        }
        for (Chain chain : chains()) {
            for (Rule rule : chain.rules()) {
                if (ruleCounters) {
                    text.append('[').append(rule.packets()).append(":0] ");
                }
                text.append("-A ").append(chain.name());
                if (!rule.text().isEmpty()) {
                    text.append(' ').append(rule.text());
                }
                text.append('\n');
            }
        }
        return text.append("COMMIT\n").toString();
    }
}
