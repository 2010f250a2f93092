package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.List;

/** One rule: what it matches, its target, and how often it matched. */
final class Rule {
    private final Selector selector;
    private final List<Match> matches;
    private final Target target;
    private final String text;
    private int line;
    private long packets;

    Rule(IptablesVariant variant, Selector selector, List<Match> matches, Target target) {
        this.selector = selector;
        this.matches = List.copyOf(matches);
        this.target = target;
        Words words = new Words().add(selector.text(variant == IptablesVariant.NFT));
        matches.forEach(match -> words.add(match.text()));
        this.text = words.add(target.text()).toString();
    }

    boolean matches(Skb skb, View view) {
        if (!selector.matches(skb)) {
            return false;
        }
        for (Match match : matches) {
            if (!match.matches(skb, view)) {
                return false;
            }
        }
        packets++;
        return true;
    }

    /** Remembers the number of the line that it stood on, for what is found wrong with it later. */
    void stoodOn(int number) {
        line = number;
    }

    int line() {
        return line;
    }

    Selector selector() {
        return selector;
    }

    /** Returns whether every packet meets it. */
    boolean unconditional() {
        return matches.isEmpty()
                && selector.equals(Selector.any(selector.source().address().family()));
    }

    Target target() {
        return target;
    }

    List<Match> matches() {
        return matches;
    }

    long packets() {
        return packets;
    }

    /** Returns it as iptables-save prints it behind {@code -A CHAIN}. */
    String text() {
        return text;
    }
}
