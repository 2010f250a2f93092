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
import java.util.Optional;
import java.util.Set;

/** What the chains of one table do with each packet at a hook. */
final class Meaning {
    private static final int MOST_WAYS = 8;
    private static final int DEEPEST = 100;
    private static final Set<String> FINAL = Set.of("ACCEPT", "DROP", "RETURN", "MASQUERADE");

    private final Ruleset ruleset;
    private final String table;
    private final Space space;
    private final boolean translated;
    private final Verdicts verdicts;
    private final Matching matching;
    private final Map<String, Map<Diagram, Diagram>> chains = new HashMap<>();
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

    /** Returns what a built-in chain does with the packets of {@code domain}, up to its policy. */
    Diagram hook(String name, Diagram domain) {
        Chain chain = chain(name);
        Diagram rules = through(chain, chain.lines().size(), domain);
        return space.diagrams().over(rules, space.diagrams().always(verdicts.of(chain.policy())), Verdicts.NEXT);
    }

    /**
     * Returns what a built-in chain does up to and with its first jump to {@code ours}, whatever others have put behind
     * it; without such a jump, what all of it does.
     */
    Diagram hook(String name, String ours, Diagram domain) {
        int jump = indexOfJump(name, ours);
        return jump < 0 ? hook(name, domain) : through(chain(name), jump + 1, domain);
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

    /**
     * Returns what a chain does with the packets of {@code arriving}: {@code NEXT} where it comes to its end or returns.
     * Of other packets it says nothing that counts: rules that none of these reaches are not read.
     */
    Diagram of(String name, Diagram arriving) {
        Map<Diagram, Diagram> known = chains.computeIfAbsent(name, each -> new HashMap<>());
        // Each way into a chain is looked at apart while they are few; beyond that all packets at once.
        Diagram packets = known.size() < MOST_WAYS ? arriving : space.diagrams().always(1);
        Diagram result = known.getOrDefault(space.diagrams().always(1), known.get(packets));
        if (result == null) {
            Chain chain = chain(name);
            if (open.contains(name) || open.size() > DEEPEST) {
                throw new UnknownTokenException(name, "jumps through chain " + name + " that are too deep, or a loop");
            }
            open.add(name);
            result = through(chain, chain.lines().size(), packets);
            open.remove(name);
            known.put(jumps(chain) ? packets : space.diagrams().always(1), result);
        }
        return result;
    }

    /** Returns whether a rule may jump: any that does not end with a verdict, since a chain's name may be quoted. */
    private static boolean jumps(Chain chain) {
        for (String line : chain.lines()) {
            if (!FINAL.contains(line.substring(line.lastIndexOf(' ') + 1))) {
                return true;
            }
        }
        return false;
    }

    private Chain chain(String name) {
        Optional<Chain> chain = ruleset.chain(table, name);
        if (chain.isEmpty()) {
            throw new UnknownTokenException(name, "no chain " + name + " in table " + table);
        }
        return chain.get();
    }

    private Diagram through(Chain chain, int rules, Diagram arriving) {
        Diagrams diagrams = space.diagrams();
        Diagram next = diagrams.always(Verdicts.NEXT);
        List<Diagram> layers = new ArrayList<>(rules);
        Diagram left = arriving;
        int looked = 0;
        for (int i = 0; i < rules; i++) {
            Rule rule = chain.rule(i);
            int verdict = verdict(rule);
            if (verdict == Verdicts.JUMP) {
                left = space.and(left, undecided(layers.subList(looked, layers.size())));
                looked = layers.size();
                layers.add(jump(rule, left));
            } else {
                layers.add(matching.of(rule, diagrams.always(verdict)));
            }
            Diagram layer = layers.get(i);
            if (diagrams.isConstant(layer) && layer != next) {
                // It decides all that is left: what stands behind it is never asked.
                break;
            }
        }
        return diagrams.over(diagrams.layers(layers, Verdicts.NEXT), next, Verdicts.RETURN);
    }

    private Diagram undecided(List<Diagram> layers) {
        Diagrams diagrams = space.diagrams();
        return diagrams.test(diagrams.layers(layers, Verdicts.NEXT), verdict -> verdict == Verdicts.NEXT);
    }

    private Diagram jump(Rule rule, Diagram left) {
        Diagrams diagrams = space.diagrams();
        Diagram arriving = space.and(matching.of(rule, diagrams.always(1)), left);
        if (arriving == diagrams.always(0)) {
            return diagrams.always(Verdicts.NEXT);
        }
        Diagram target = of(rule.target(), arriving);
        return matching.of(
                rule, rule.goesTo() ? diagrams.over(target, diagrams.always(Verdicts.RETURN), Verdicts.NEXT) : target);
    }

    /** Returns what a rule does where it matches: a verdict, a jump, or nothing. */
    private int verdict(Rule rule) {
        String name = rule.target().split(" ", 2)[0];
        boolean chain = ruleset.chain(table, name).isPresent();
        int verdict = verdicts.of(rule.target());
        boolean note = name.equals("LOG") || name.equals("NFLOG");
        if (!chain && (verdict >= 0 || note)) {
            return note ? Verdicts.NEXT : verdict;
        }
        if (!chain || verdict >= 0 || note) {
            // Without a target there may be one that iptables-save can't show; and a chain that is called like a
            // target is what iptables-legacy jumps to, and iptables-nft does not.
            String text = rule.text();
            throw new UnknownTokenException(name.isEmpty() ? text.substring(text.lastIndexOf(' ') + 1) : name, text);
        }
        return Verdicts.JUMP;
    }

    /** Returns what a built-in chain decides of one packet, {@code NEXT} behind the jump to {@code ours}. */
    Decision decide(String name, String ours, long[] packet) {
        int jump = ours.isEmpty() ? -1 : indexOfJump(name, ours);
        Chain chain = chain(name);
        Decision decision = walk(chain, jump < 0 ? chain.lines().size() : jump + 1, packet, new HashMap<>());
        if (decision.verdict() != Verdicts.NEXT || jump >= 0) {
            return decision;
        }
        return chain.policy().equals("-")
                ? new Decision(Verdicts.NEXT, "the end of chain " + name)
                : new Decision(verdicts.of(chain.policy()), ":" + name + " " + chain.policy());
    }

    private Decision walk(Chain chain, int rules, long[] packet, Map<String, Decision> known) {
        String last = "no rule of chain " + chain.name();
        for (int i = 0; i < rules; i++) {
            Rule rule = chain.rule(i);
            int verdict = verdict(rule);
            if (verdict == Verdicts.NEXT
                    || matching.of(rule, space.diagrams().always(1)).at(packet) == 0) {
                continue;
            }
            if (verdict != Verdicts.JUMP) {
                return new Decision(verdict == Verdicts.RETURN ? Verdicts.NEXT : verdict, rule.text());
            }
            Decision decision = known.get(rule.target());
            if (decision == null) {
                Chain target = chain(rule.target());
                decision = walk(target, target.lines().size(), packet, known);
                known.put(rule.target(), decision);
            }
            if (decision.verdict() != Verdicts.NEXT || rule.goesTo()) {
                return decision;
            }
            last = decision.rule();
        }
        return new Decision(Verdicts.NEXT, last);
    }
}
