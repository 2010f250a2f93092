package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Loads the same text into Linux and into {@link Ruleset}, and notes where they disagree. */
final class Differential implements AutoCloseable {
    private final Family family;
    private final IptablesVariant variant;
    private final List<String> disagreements = new ArrayList<>();
    private int cases;
    private int accepted;
    private final List<String> unknown = new ArrayList<>();
    private LinuxRules linux;
    private Ruleset fake;

    Differential(Family family, IptablesVariant variant) throws IOException {
        this.family = family;
        this.variant = variant;
        linux = new LinuxRules(family, variant);
        fake = new Ruleset(family, variant);
    }

    /** Begins anew with empty namespaces. */
    void fresh() throws IOException {
        linux.close();
        linux = new LinuxRules(family, variant);
        fake = new Ruleset(family, variant);
    }

    /** Returns whether both took {@code text}. */
    boolean load(String text, boolean keep) throws IOException {
        cases++;
        String problem = "accepted";
        boolean known = true;
        try {
            fake.restore(text, keep);
        } catch (RuleProblem e) {
            problem = "line " + e.line() + " '" + e.token() + "': " + e.getMessage();
            known = e.refused();
        } catch (RuntimeException | StackOverflowError e) {
            problem = "threw " + e + " at " + e.getStackTrace()[0];
        }
        LinuxRules.Result real = linux.restore(text, keep);
        boolean took = problem.equals("accepted");
        accepted += real.accepted() ? 1 : 0;
        if (!known) {
            unknown.add(problem.replaceFirst("line [0-9]+ ", ""));
            fresh();
            return false;
        }
        String wanted = plain(real.saved());
        String got = plain(fake.save());
        if (real.accepted() != took || problem.startsWith("threw") || !wanted.equals(got)) {
            disagreements.add("--- " + family + " " + variant + (keep ? " keep" : "") + "\n"
                    + brief(text, real.message() + problem)
                    + "Linux " + real.message() + "\nfake " + problem + "\n"
                    + difference("Linux ", wanted, got) + difference("fake  ", got, wanted));
            fresh();
            return false;
        }
        return took;
    }

    /** Returns the text if it is short, else its lines that a message names. */
    private static String brief(String text, String messages) {
        String shown = text.replace("\0", "\\0").replace("\r", "\\r").replace("\t", "\\t");
        if (shown.length() < 250) {
            return shown + "\n";
        }
        StringBuilder lines = new StringBuilder();
        int number = 0;
        for (String line : shown.split("\n")) {
            if (Pattern.compile("line:? " + ++number + "\\b").matcher(messages).find()) {
                lines.append(number)
                        .append(": ")
                        .append(line, 0, Math.min(line.length(), 400))
                        .append('\n');
            }
        }
        return lines.toString();
    }

    private static String difference(String who, String text, String other) {
        List<String> lines = new ArrayList<>(text.lines().toList());
        other.lines().forEach(lines::remove);
        StringBuilder shown = new StringBuilder();
        lines.stream().limit(8).forEach(line -> shown.append(who)
                .append(line, 0, Math.min(line.length(), 400))
                .append('\n'));
        return lines.isEmpty() && !text.equals(other) ? who + "orders it otherwise\n" : shown.toString();
    }

    /** Returns saved text without its comment lines and counters. */
    static String plain(String saved) {
        StringBuilder plain = new StringBuilder();
        saved.lines().filter(line -> !line.startsWith("#")).forEach(line -> plain.append(
                        line.replaceFirst("^(:.*) \\[[0-9]+:[0-9]+\\]$", "$1"))
                .append('\n'));
        return plain.toString();
    }

    String fakeSaves() {
        return fake.save();
    }

    List<String> disagreements() {
        return disagreements;
    }

    List<String> unknowns() {
        return unknown;
    }

    @Override
    public String toString() {
        return family + " " + variant + ": " + cases + " loads, " + accepted + " accepted by Linux, " + unknown.size()
                + " unknown here, " + disagreements.size() + " disagreements";
    }

    @Override
    public void close() throws IOException {
        linux.close();
    }
}
