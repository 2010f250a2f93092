package dev.openshell.netns.testkit.nftables;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes tables as lines that are equal where nothing differs but what packets have made of them. */
final class StateLines {
    private final List<String> lines = new ArrayList<>();

    /** Returns those of {@code table}, with names as they are and all else as bytes. */
    static List<String> of(NfTable table) {
        StateLines all = new StateLines();
        String name = (table.family == 2 ? "ip " : table.family == 10 ? "ip6 " : "inet ") + table.name;
        all.lines.add("table " + name + (table.flags == 0 ? "" : " flags " + table.flags));
        table.chains.values().forEach(chain -> all.chain(name, chain));
        table.sets.values().forEach(set -> all.set(name, set));
        return all.lines;
    }

    private void chain(String table, NfChain chain) {
        String base = chain.base == null
                ? ""
                : " " + chain.base.type() + " " + chain.base.hook() + " " + chain.base.priority()
                        + (chain.accepts ? " accepts" : " drops");
        lines.add(table + " chain " + chain.name + base);
        for (NfRule rule : chain.rules) {
            lines.add(table + " " + chain.name + ": " + expressions(rule) + " " + shown(rule.userdata()));
        }
    }

    private static String expressions(NfRule rule) {
        StringBuilder text = new StringBuilder();
        int at = 0;
        for (byte[] raw : new Attrs(rule.raw()).list()) {
            text.append(shown(Canonical.of(raw, rule.expressions().get(at++).set())));
        }
        return text.toString();
    }

    /** What rules themselves put into a set is not what anybody set up. */
    private void set(String table, NfSet set) {
        lines.add(table + " set " + set.name + " " + set.flags + " " + set.keyLength);
        if (!set.is(NfSet.EVAL)) {
            for (NfSet.Element element : set.elements) {
                Verdict verdict = element.verdict();
                String to = verdict == null ? "" : " to " + verdict.code() + " " + verdict.chain();
                lines.add(table + " " + set.name + ": " + shown(element.key()) + to + " " + shown(element.userdata()));
            }
        }
    }

    /** Returns letters as they are, and other bytes as numbers. */
    private static String shown(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (char each : new String(bytes, StandardCharsets.ISO_8859_1).toCharArray()) {
            text.append(each > ' ' && each < 127 && each != '\\' ? String.valueOf(each) : "\\" + (int) each);
        }
        return text.toString();
    }
}
