package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.testkit.packet.Skb;
import java.util.List;

/** {@code mark} and {@code connmark}. */
final class MarkMatches {
    private MarkMatches() {}

    static List<Module<Match>> modules() {
        return List.of(
                Module.of("mark", given -> of("mark", given), "!--mark 1"),
                Module.of("connmark", given -> of("connmark", given), "!--mark 1"));
    }

    private record Mark(String name, int value, int mask, boolean not) implements Match {
        @Override
        public boolean matches(Skb skb, View view) {
            if (name.equals("mark")) {
                return ((skb.mark & mask) == value) != not;
            }
            return skb.ct != null && ((skb.ct.mark & mask) == value) != not;
        }

        @Override
        public String text() {
            String text = Words.hex(value) + (mask == -1 ? "" : "/" + Words.hex(mask));
            return new Words().add("-m").add(name).option(not, "--mark", text).toString();
        }
    }

    private static Match of(String name, Given given) {
        int[] mark = Numbers.masked(given.word("--mark").orElseThrow(() -> given.needs("--mark")));
        return new Mark(name, mark[0], mark[1], given.negated("--mark"));
    }
}
