package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.IptablesVariant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the kernel checks when a table is committed: where extensions stand, and where jumps lead. */
final class Checks {
    /** NFT_JUMP_STACK_SIZE, less the base chain. */
    private static final int DEEPEST = 15;

    private static final int UNDER_WAY = -1;

    private final Table table;
    private final IptablesVariant variant;
    private final boolean legacy;

    private Checks(Table table, IptablesVariant variant) {
        this.table = table;
        this.variant = variant;
        this.legacy = variant == IptablesVariant.LEGACY;
    }

    static void check(Table table, IptablesVariant variant) {
        Checks checks = new Checks(table, variant);
        for (Chain chain : table.chains()) {
            chain.rules().forEach(checks::alone);
        }
        table.kind().hooks().forEach(checks::walk);
    }

    /** Checks a rule that the nft variant sends to the kernel and takes back in one go. */
    static void sent(Rule rule, Chain chain, Table table) {
        Checks checks = new Checks(table, IptablesVariant.NFT);
        checks.alone(rule);
        if (chain.builtIn()) {
            Hook hook = Hook.valueOf(chain.name());
            rule.matches().forEach(match -> checks.stands(rule, match, chain, hook));
        }
    }

    private static RuleProblem refused(@Nullable Rule rule, String token, String reason) {
        RuleProblem problem = RuleProblem.refused(token, reason);
        return rule == null || rule.line() == 0 ? problem : problem.at(rule.line());
    }

    /** Returns the {@code count}th word of what an extension prints: what it is called. */
    private static String name(String text, int count) {
        String[] words = text.split(" ");
        return words.length < count ? text : words[count - 1];
    }

    private void alone(Rule rule) {
        if (!rule.target().tables().contains(table.kind())) {
            throw refused(rule, name(rule.target().text(), 2), "not valid in table " + table.kind());
        }
        Selector selector = rule.selector();
        boolean nothing = (selector.notSource() && selector.source().isAll())
                || (selector.notDestination() && selector.destination().isAll());
        if (nothing && variant == IptablesVariant.NFT) {
            throw refused(rule, selector.notSource() ? "! -s" : "! -d", "the kernel refuses to compare no bits");
        }
        for (Match match : rule.matches()) {
            if (!match.problem().isEmpty()) {
                throw refused(rule, name(match.text(), 2), match.problem());
            }
        }
    }

    private void stands(Rule rule, Match match, Chain chain, Hook hook) {
        boolean excused = match.checksHooksItself() && !legacy && !chain.builtIn();
        if (!match.hooks().contains(hook) && !excused) {
            throw refused(rule, name(match.text(), 2), "not valid at hook " + hook);
        }
    }

    /** A chain on the way, the rules that are still to be looked at, and how deep what was looked at leads. */
    private static final class Frame {
        final Chain chain;
        final Iterator<Rule> rules;
        final @Nullable Rule from;
        int depth;

        Frame(Chain chain, @Nullable Rule from) {
            this.chain = chain;
            this.rules = chain.rules().iterator();
            this.from = from;
        }
    }

    /** Goes wherever a packet at {@code hook} can get, each chain once; ELOOP and, with nftables, EMLINK. */
    private void walk(Hook hook) {
        Map<String, Integer> depths = new HashMap<>();
        Deque<Frame> path = new ArrayDeque<>();
        path.push(new Frame(table.chain(hook.name()), null));
        depths.put(hook.name(), UNDER_WAY);
        Rule first = null;
        while (!path.isEmpty()) {
            Frame frame = path.peek();
            if (!frame.rules.hasNext()) {
                path.pop();
                depths.put(frame.chain.name(), frame.depth);
                if (!path.isEmpty()) {
                    deepen(path.peek(), frame.depth, frame.from);
                }
                continue;
            }
            Rule rule = frame.rules.next();
            if (frame.chain.builtIn()) {
                first = rule;
            }
            stands(rule, frame.chain, hook);
            String to = rule.target().chain();
            Integer known = to.isEmpty() ? Integer.valueOf(0) : depths.get(to);
            if (known == null) {
                depths.put(to, UNDER_WAY);
                path.push(new Frame(table.chain(to), rule));
            } else if (known == UNDER_WAY) {
                throw refused(first, to, "jumps lead in a circle (ELOOP)");
            } else if (!to.isEmpty()) {
                deepen(frame, known, rule);
            }
            if (legacy && rule.unconditional() && rule.target() instanceof Target.Plain plain && plain.isVerdict()) {
                // The legacy kernel doesn't look at what no packet gets to.
                frame.rules.forEachRemaining(ignored -> {});
            }
        }
    }

    private void deepen(Frame frame, int below, @Nullable Rule rule) {
        frame.depth = Math.max(frame.depth, below + 1);
        if (variant == IptablesVariant.NFT && frame.chain.builtIn() && frame.depth > DEEPEST && rule != null) {
            throw refused(rule, rule.target().chain(), "jumps lead too deep (EMLINK)");
        }
    }

    private void stands(Rule rule, Chain chain, Hook hook) {
        if (!rule.target().hooks().contains(hook)) {
            throw refused(rule, name(rule.target().text(), 2), "not valid at hook " + hook);
        }
        rule.matches().forEach(match -> stands(rule, match, chain, hook));
    }
}
