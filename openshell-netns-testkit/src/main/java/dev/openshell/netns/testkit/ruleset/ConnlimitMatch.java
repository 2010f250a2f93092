package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code connlimit}: how many flows from or to an address there are, of those whose packets came to this rule. One
 * counts until it leaves the table of flows, or until both sides have closed it (nf_conncount.c).
 */
final class ConnlimitMatch implements Match {
    private static final String UPTO = "--connlimit-upto";
    private static final String ABOVE = "--connlimit-above";
    /** TCP_CONNTRACK_TIME_WAIT and TCP_CONNTRACK_CLOSE. */
    private static final Set<Integer> CLOSED = Set.of(7, 8);

    /** CONNCOUNT_GC_MAX_NODES. */
    private static final int MOST_SWEPT = 8;

    private final boolean above;
    private final long limit;
    private final Ip mask;
    private final boolean destination;
    private final Map<Ip, List<Ct>> flows = new HashMap<>();

    private ConnlimitMatch(boolean above, long limit, Ip mask, boolean destination) {
        this.above = above;
        this.limit = limit;
        this.mask = mask;
        this.destination = destination;
    }

    static List<Module<Match>> modules() {
        return List.of(Module.of(
                "connlimit",
                ConnlimitMatch::of,
                "!--connlimit-upto 1",
                "!--connlimit-above 1",
                "--connlimit-mask 1",
                "--connlimit-saddr",
                "--connlimit-daddr"));
    }

    private static Match of(Given given) {
        if (given.has(ABOVE) == given.has(UPTO)) {
            throw given.needs("either " + ABOVE + " or " + UPTO);
        }
        if (given.has("--connlimit-saddr") && given.has("--connlimit-daddr")) {
            throw RuleProblem.refused("--connlimit-daddr", "excludes --connlimit-saddr");
        }
        String option = given.has(ABOVE) ? ABOVE : UPTO;
        long limit = Numbers.upTo(given.word(option).orElseThrow(), 0xffff_ffffL, "number");
        Family family = given.family();
        String width = given.word("--connlimit-mask").orElse(Integer.toString(family.bits()));
        boolean wide = Numbers.parse(width).filter(bits -> bits > family.bits()).isPresent();
        if (wide) {
            throw RuleProblem.unknown(width, "a mask of more bits than an address has");
        }
        Ip mask = Addresses.mask(width, family);
        if (mask.prefix() < 0) {
            throw RuleProblem.unknown(width, "a mask with holes");
        }
        boolean above = option.equals(ABOVE) != given.negated(option);
        return new ConnlimitMatch(above, limit, mask, given.has("--connlimit-daddr"));
    }

    /** What was counted goes with the rule that it was loaded for, though one just like it comes in its place. */
    @Override
    public synchronized void load(Map<String, RateTable> tables) {
        flows.clear();
    }

    @Override
    public synchronized boolean matches(Skb skb, View view) {
        Header header = skb.header;
        Ip address = (destination ? header.destination() : header.source()).and(mask);
        List<Ct> counted = flows.computeIfAbsent(address, none -> new ArrayList<>());
        Ct own = skb.ct;
        if (!swept(counted, own) && own != null) {
            counted.add(own);
        }
        // A packet without a flow counts as one that is gone when the next one comes.
        int count = counted.size() + (own == null ? 1 : 0);
        return count > limit == above;
    }

    /** Takes out what is gone, up to the packet's own flow and a few at a time; returns whether that was there. */
    private static boolean swept(List<Ct> counted, @Nullable Ct own) {
        int taken = 0;
        for (Iterator<Ct> each = counted.iterator(); each.hasNext() && taken <= MOST_SWEPT; ) {
            Ct ct = each.next();
            if (ct == own) {
                return true;
            }
            if (isGone(ct)) {
                each.remove();
                taken++;
            }
        }
        return false;
    }

    private static boolean isGone(Ct ct) {
        boolean closed = ct.original.protocol() == Header.TCP && CLOSED.contains(ct.tcpState);
        return !ct.confirmed || ct.dying || closed;
    }

    @Override
    public String text() {
        return new Words()
                .add("-m")
                .add("connlimit")
                .option(false, above ? ABOVE : UPTO, limit)
                .option(false, "--connlimit-mask", mask.prefix())
                .option(false, destination ? "--connlimit-daddr" : "--connlimit-saddr")
                .toString();
    }
}
