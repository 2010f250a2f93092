package dev.openshell.netns.linux.proof;

import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Diagrams;
import dev.openshell.netns.linux.ruleset.Chain;
import dev.openshell.netns.linux.ruleset.Rule;
import dev.openshell.netns.linux.ruleset.Ruleset;
import dev.openshell.netns.linux.ruleset.UnknownTokenException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the chains of one table do with each packet at a hook. */
final class Meaning {
    private final Ruleset ruleset;
    private final String table;
    private final Space space;
    private final boolean translated;
    private final Verdicts verdicts;
    private final Matching matching;
    private final Map<String, Diagram> chains = new HashMap<>();
    private final Set<String> open = new HashSet<>();

    Meaning(Ruleset ruleset, String table, Space space, boolean translated, Verdicts verdicts) {
        this.ruleset = ruleset;
        this.table = table;
        this.space = space;
        this.translated = translated;
        this.verdicts = verdicts;
        this.matching = new Matching(space, translated);
    }

    String table() {
        return table;
    }

    boolean translated() {
        return translated;
    }

    String name(int verdict) {
        return verdicts.name(verdict);
    }

    /** A verdict, and the rule or policy that gave it. */
    record Decision(int verdict, String rule) {}

    /** Returns what a built-in chain does, up to its policy. */
    Diagram hook(String name) {
        Chain chain = chain(name);
        Diagram rules = through(chain, chain.lines().size());
        return space.diagrams().over(rules, space.diagrams().always(verdicts.of(chain.policy())), Verdicts.NEXT);
    }

    /**
     * Returns what a built-in chain does up to and with its first jump to {@code ours}, whatever others have put behind
     * it; without such a jump, what all of it does.
     */
    Diagram hook(String name, String ours) {
        int jump = indexOfJump(name, ours);
        return jump < 0 ? hook(name) : through(chain(name), jump + 1);
    }

    private int indexOfJump(String name, String ours) {
        List<String> lines = chain(name).lines();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).endsWith(" -j " + ours)) {
                return i;
            }
        }
        return -1;
    }

    /** Returns what a chain does: {@code NEXT} where it comes to its end or returns. */
    Diagram of(String name) {
        Diagram known = chains.get(name);
        if (known == null) {
            Chain chain = chain(name);
            if (!open.add(name)) {
                throw new UnknownTokenException(name, "a loop through chain " + name);
            }
            known = through(chain, chain.lines().size());
            open.remove(name);
            chains.put(name, known);
        }
        return known;
    }

    private Chain chain(String name) {
        return ruleset.chain(table, name)
                .orElseThrow(() -> new UnknownTokenException(name, "no chain " + name + " in table " + table));
    }

    private Diagram through(Chain chain, int rules) {
        Diagrams diagrams = space.diagrams();
        List<Diagram> layers = new ArrayList<>(rules);
        for (int i = 0; i < rules; i++) {
            Rule rule = chain.rule(i);
            Diagram layer = rule.target().isEmpty() ? diagrams.always(Verdicts.NEXT) : matching.of(rule, verdict(rule));
            layers.add(layer);
            if (diagrams.isConstant(layer) && layer != diagrams.always(Verdicts.NEXT)) {
                // It decides all that is left: what stands behind it is never asked.
                break;
            }
        }
        return diagrams.over(diagrams.layers(layers, Verdicts.NEXT), diagrams.always(Verdicts.NEXT), Verdicts.RETURN);
    }

    private Diagram verdict(Rule rule) {
        int verdict = verdicts.of(rule.target());
        if (verdict >= 0) {
            return space.diagrams().always(verdict);
        }
        if (ruleset.chain(table, rule.target()).isEmpty()) {
            throw new UnknownTokenException(rule.target(), rule.text());
        }
        Diagram target = of(rule.target());
        return rule.goesTo()
                ? space.diagrams().over(target, space.diagrams().always(Verdicts.RETURN), Verdicts.NEXT)
                : target;
    }

    /** Returns what a built-in chain decides of one packet, {@code NEXT} behind the jump to {@code ours}. */
    Decision decide(String name, String ours, long[] packet) {
        int jump = ours.isEmpty() ? -1 : indexOfJump(name, ours);
        Chain chain = chain(name);
        Decision decision = walk(chain, jump < 0 ? chain.lines().size() : jump + 1, packet);
        if (decision.verdict() != Verdicts.NEXT || jump >= 0) {
            return decision;
        }
        return chain.policy().equals("-")
                ? new Decision(Verdicts.NEXT, "the end of chain " + name)
                : new Decision(verdicts.of(chain.policy()), ":" + name + " " + chain.policy());
    }

    private Decision walk(Chain chain, int rules, long[] packet) {
        String last = "no rule of chain " + chain.name();
        for (int i = 0; i < rules; i++) {
            Rule rule = chain.rule(i);
            if (rule.target().isEmpty()
                    || matching.of(rule, space.diagrams().always(1)).at(packet) == 0) {
                continue;
            }
            int verdict = verdicts.of(rule.target());
            if (verdict == Verdicts.RETURN) {
                return new Decision(Verdicts.NEXT, rule.text());
            }
            if (verdict >= 0) {
                return new Decision(verdict, rule.text());
            }
            Chain target = chain(rule.target());
            Decision decision = walk(target, target.lines().size(), packet);
            if (decision.verdict() != Verdicts.NEXT || rule.goesTo()) {
                return decision;
            }
            last = decision.rule();
        }
        return new Decision(Verdicts.NEXT, last);
    }
}
