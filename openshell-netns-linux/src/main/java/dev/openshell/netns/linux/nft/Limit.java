package dev.openshell.netns.linux.nft;

import dev.openshell.netns.Family;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A limit that a sandbox's chain has: what is beyond it is dropped. Sandboxes with the same limit share one rule and three
 * sets: of their links, of what was counted for each, and of how many packets were dropped for each.
 *
 * @param rate whether first packets a second are counted, else flows
 * @param each whether for each destination on its own, else for all together
 * @param burst how many packets more at once, 0 where flows are counted
 */
record Limit(boolean rate, boolean each, int above, int burst) implements Comparable<Limit> {
    private static final Pattern NAME = Pattern.compile("-(rate|flows)-(each|all)-([0-9]+)(?:-([0-9]+))?");

    static final Key LINKS = Key.of(Field.INCOMING);
    private static final Key RATE = Key.of(Field.INCOMING, Field.DESTINATION, Field.PORT);
    private static final Key FLOWS = Key.of(Field.INCOMING, Field.DESTINATION);

    /** Returns its place in a chain: what one limit drops the next does not count. */
    int place() {
        return (rate ? 0 : 2) + (each ? 0 : 1);
    }

    @Override
    public int compareTo(Limit other) {
        return Comparator.comparingInt(Limit::place)
                .thenComparingInt(Limit::above)
                .thenComparingInt(Limit::burst)
                .compare(this, other);
    }

    /** Returns the limit that {@code rule} is, empty where it is none. */
    static Optional<Limit> of(NftRule rule) {
        NftRule.Rate rate = rule.rate;
        NftRule.Connections connections = rule.connections;
        if (rate != null) {
            return Optional.of(new Limit(true, rate.each(), rate.above(), rate.burst()));
        }
        return Optional.ofNullable(connections).map(most -> new Limit(false, most.each(), most.above(), 0));
    }

    /** Returns the limit whose set of links is {@code set}, empty where it is another set. */
    static Optional<Limit> ofSet(String chain, String set) {
        Matcher name = NAME.matcher(set.startsWith(chain) ? set.substring(chain.length()) : "");
        return name.matches()
                ? Optional.of(new Limit(
                        name.group(1).equals("rate"),
                        name.group(2).equals("each"),
                        Integer.parseInt(name.group(3)),
                        name.group(4) == null ? 0 : Integer.parseInt(name.group(4))))
                : Optional.empty();
    }

    /** Returns the name of the set of links. */
    String links(String chain) {
        String kind = (rate ? "-rate-" : "-flows-") + (each ? "each-" : "all-");
        return chain + kind + above + (rate ? "-" + burst : "");
    }

    /** Returns the name of the set in which is counted: rates of all of a sandbox's chains together. */
    String counted(String chain) {
        return links(rate ? "OPENSHELL" : chain) + "-counted";
    }

    /** Returns the name of the set of what was dropped. */
    String dropped(String chain) {
        return links(chain) + "-dropped";
    }

    /** Returns what is counted by. */
    Key by() {
        if (!each) {
            return LINKS;
        }
        return rate ? RATE : FLOWS;
    }

    /**
     * Returns this.
     *
     * @throws IllegalArgumentException where {@code rule}, of {@code link}, is more than this limit
     */
    Limit of(NftRule rule, String link, Family family) {
        if (!RuleText.write(rule(link, rule.comment, family)).equals(RuleText.write(rule))) {
            throw new IllegalArgumentException("rule '" + RuleText.write(rule) + "' has no like in nf_tables here");
        }
        return this;
    }

    /** Returns the rule of {@code link}'s chain that it is, in which limits have names that come from the link's. */
    NftRule rule(String link, String comment, Family family) {
        NftRule rule = new NftRule();
        rule.tracked = new NftRule.Tracked(States.bits("NEW"), -1, null, null, -1, -1);
        if (rate) {
            rule.rate = new NftRule.Rate(above, burst, link + (each ? "-" : "-all-") + above, each);
        } else {
            rule.connections = new NftRule.Connections(above, each, each ? family.bits() : 0);
        }
        rule.comment = comment;
        rule.target = "DROP";
        return rule;
    }
}
