package dev.openshell.netns.testkit.nftables;

import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.ruleset.Hook;
import dev.openshell.netns.testkit.ruleset.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Runs a packet through chains (nft_do_chain). */
final class Chains {
    private static final int DEEPEST = 16;

    private Chains() {}

    private record Frame(NfChain chain, int next) {}

    static Outcome run(NfTable table, NfChain base, Hook hook, Skb skb, Instant now, List<String> matched) {
        Context context = new Context(skb, hook, table, now);
        Registers registers = new Registers();
        List<Frame> callers = new ArrayList<>();
        NfChain chain = base;
        int next = 0;
        while (true) {
            Verdict verdict = Verdict.CONTINUE;
            while (next < chain.rules.size() && goesOn(verdict)) {
                NfRule rule = chain.rules.get(next++);
                verdict = rule(rule, registers, context);
                if (!goesOn(verdict)) {
                    matched.add(chain.name + ": " + rule.label());
                }
            }
            if (verdict.refusal() != null) {
                return verdict.refusal();
            }
            switch (verdict.code()) {
                case 0 -> {
                    return Outcome.DROP;
                }
                case 1 -> {
                    return Outcome.ACCEPT;
                }
                case Verdict.JUMP, Verdict.GOTO -> {
                    if (verdict.code() == Verdict.JUMP) {
                        if (callers.size() >= DEEPEST) {
                            throw new UnsupportedOperationException("jumps deeper than " + DEEPEST + " chains");
                        }
                        callers.add(new Frame(chain, next));
                    }
                    chain = table.chain(verdict.chain());
                    next = 0;
                }
                default -> {
                    if (callers.isEmpty()) {
                        return base.accepts ? Outcome.ACCEPT : Outcome.DROP;
                    }
                    Frame caller = callers.remove(callers.size() - 1);
                    chain = caller.chain;
                    next = caller.next;
                }
            }
        }
    }

    private static boolean goesOn(Verdict verdict) {
        return verdict == Verdict.CONTINUE || verdict == Verdict.BREAK;
    }

    private static Verdict rule(NfRule rule, Registers registers, Context context) {
        for (Expression expression : rule.expressions()) {
            Verdict verdict = expression.run(registers, context);
            if (verdict != Verdict.CONTINUE) {
                return verdict;
            }
        }
        return Verdict.CONTINUE;
    }
}
