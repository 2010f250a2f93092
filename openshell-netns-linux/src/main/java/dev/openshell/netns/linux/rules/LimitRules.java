package dev.openshell.netns.linux.rules;

import dev.openshell.netns.Family;
import dev.openshell.netns.Limits;
import dev.openshell.netns.RuleSet;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules that drop the first packets of too many flows. A flow whose first packet is dropped is not kept in the
 * table of flows. The rate is asked first: it costs the same however many flows there are, so that a flood gets no
 * further. Under iptables-legacy each change of the table, whoever makes it, lets the kernel count open connections
 * from nothing again, though not the rate.
 */
final class LimitRules {
    /** What the kernel divides by a rate to get the time for one packet, in whole units (XT_HASHLIMIT_SCALE_v2). */
    private static final int TICKS = 1_000_000;

    /** All endpoints together have as much as so many of them may have each. */
    private static final int SHARES_OF_CONNECTIONS = 16;

    private static final int SHARES_OF_RATE = 4;

    /** What one sandbox has inside, where that is more than one endpoint's limit twice. */
    private static final int MOST_INSIDE = 65_535;

    private static final int FASTEST_INSIDE = 10_000;
    private static final int MOST_BURST = 1_000_000;
    private static final String INSIDE = "inside";

    private LimitRules() {}

    /** Returns those of a sandbox's chain on the host: for each destination on its own, and for all of them. */
    static List<String> host(String chain, RuleSet rules, Family family) {
        Limits limits = rules.limits();
        int endpoints = rules.rules(family).size();
        String link = rules.veth().hostInterface();
        List<String> lines = new ArrayList<>();
        limits.connectionsPerSecond().ifPresent(most -> {
            String comment = "maxConnectionsPerSecond(" + most + ")";
            lines.add(drop(chain, rate(most, link, "--hashlimit-mode", "dstip,dstport"), comment));
            if (endpoints > SHARES_OF_RATE) {
                lines.add(drop(chain, rate(times(most, SHARES_OF_RATE), link + "-all"), comment));
            }
        });
        limits.connections().ifPresent(most -> {
            String comment = "maxConnections(" + most + ")";
            lines.add(drop(chain, connections(most, family.bits(), "--connlimit-daddr"), comment));
            if (endpoints > SHARES_OF_CONNECTIONS) {
                int all = times(most, SHARES_OF_CONNECTIONS);
                lines.add(drop(chain, connections(all, 0, "--connlimit-saddr"), comment));
            }
        });
        return lines;
    }

    private static String drop(String chain, String[] beyond, String comment) {
        return Line.in(chain)
                .match("conntrack", "--ctstate", "NEW")
                .match(beyond)
                .comment(comment)
                .jump("DROP");
    }

    private static int times(int limit, int shares) {
        return (int) Math.min(Integer.MAX_VALUE, (long) limit * shares);
    }

    /**
     * Returns those inside: for all endpoints of the family together, and twice as wide, so that the host's own are met
     * first and tell which endpoint it was.
     */
    static List<String> sandbox(RuleSet rules, Family family) {
        Limits limits = rules.limits();
        int endpoints = rules.rules(family).size();
        List<String> lines = new ArrayList<>();
        if (endpoints == 0) {
            return lines;
        }
        limits.connectionsPerSecond().ifPresent(most -> {
            int shares = Math.min(endpoints, SHARES_OF_RATE);
            lines.add(out(rules)
                    .match(rate(wider(most, shares, FASTEST_INSIDE), INSIDE))
                    .comment("maxConnectionsPerSecond(" + most + ")")
                    .jump("DROP"));
        });
        limits.connections().ifPresent(most -> {
            int shares = Math.min(endpoints, SHARES_OF_CONNECTIONS);
            lines.add(out(rules)
                    .match(connections(wider(most, shares, MOST_INSIDE), 0, "--connlimit-saddr"))
                    .comment("maxConnections(" + most + ")")
                    .jump("DROP"));
        });
        return lines;
    }

    private static Line out(RuleSet rules) {
        return Line.in("OUTPUT").outgoing(rules.veth().sandboxInterface()).match("conntrack", "--ctstate", "NEW");
    }

    /** Returns twice what all endpoints have, held down to {@code most}, but never to one endpoint's own limit. */
    private static int wider(int limit, int shares, int most) {
        return (int) Math.min(2L * limit * shares, Math.max(2L * limit, most));
    }

    private static String[] connections(int most, int mask, String of) {
        return new String[] {
            "connlimit", "--connlimit-above", Integer.toString(most), "--connlimit-mask", Integer.toString(mask), of
        };
    }

    /**
     * Returns a match on what is beyond a rate. The kernel keeps what it counted under a name, also for the rules that
     * come in place of these, and with the rate that was asked for first: so the name has the rate in it. Lines of the
     * table are few since an endpoint has one each, forgotten 10 s after its last packet, when it is full again.
     */
    private static String[] rate(int most, String name, String... mode) {
        int rate = countable(Math.min(most, TICKS));
        List<String> options = new ArrayList<>(List.of(
                "hashlimit",
                "--hashlimit-above",
                rate + "/sec",
                "--hashlimit-burst",
                Integer.toString(Math.min(2 * rate, MOST_BURST))));
        options.addAll(List.of(mode));
        options.addAll(List.of(
                "--hashlimit-name",
                name + "-" + rate,
                "--hashlimit-htable-size",
                "256",
                "--hashlimit-htable-max",
                "16384",
                "--hashlimit-htable-gcinterval",
                "10000",
                "--hashlimit-htable-expire",
                "10000"));
        return options.toArray(String[]::new);
    }

    /** Returns the highest rate up to {@code rate} that iptables-save prints as it was written. */
    private static int countable(int rate) {
        return TICKS / (TICKS / rate) == rate ? rate : TICKS / ((TICKS + rate - 1) / rate);
    }
}
