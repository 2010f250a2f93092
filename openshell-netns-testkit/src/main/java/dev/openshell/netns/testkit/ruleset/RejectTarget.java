package dev.openshell.netns.testkit.ruleset;

import dev.openshell.netns.Family;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Skb;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** {@code REJECT}: a drop with an answer. */
record RejectTarget(String with) implements Target {
    /** Each answer and its short name. The first that a word is the beginning of is meant. */
    private static final List<String> TYPES = List.of(
            "icmp-net-unreachable net-unreach",
            "icmp-host-unreachable host-unreach",
            "icmp-proto-unreachable proto-unreach",
            "icmp-port-unreachable port-unreach",
            "icmp-net-prohibited net-prohib",
            "icmp-host-prohibited host-prohib",
            "tcp-reset tcp-rst",
            "icmp-admin-prohibited admin-prohib");

    private static final List<String> TYPES6 = List.of(
            "icmp6-no-route no-route",
            "icmp6-adm-prohibited adm-prohibited",
            "icmp6-addr-unreachable addr-unreach",
            "icmp6-port-unreachable port-unreach",
            "tcp-reset tcp-reset",
            "icmp6-policy-fail policy-fail",
            "icmp6-reject-route reject-route");

    static List<Module<Target>> modules() {
        return List.of(Module.of("REJECT", RejectTarget::of, "--reject-with 1"));
    }

    private static Target of(Given given) {
        boolean four = given.family() == Family.IPV4;
        String with = given.word("--reject-with")
                .map(word -> named(word, four ? TYPES : TYPES6))
                .orElse(four ? "icmp-port-unreachable" : "icmp6-port-unreachable");
        if (with.equals("tcp-reset") && !given.selector().is(Header.TCP)) {
            throw RuleProblem.refused(with, "needs -p tcp");
        }
        return new RejectTarget(with);
    }

    private static String named(String word, List<String> types) {
        for (String type : types) {
            for (String name : type.split(" ")) {
                if (name.regionMatches(true, 0, word, 0, word.length())) {
                    return type.split(" ")[0];
                }
            }
        }
        throw RuleProblem.refused(word, "unknown reject type");
    }

    @Override
    public Outcome apply(Skb skb) {
        return new Outcome.Reject(with);
    }

    @Override
    public String text() {
        return "-j REJECT --reject-with " + with;
    }

    @Override
    public Set<TableKind> tables() {
        return EnumSet.of(TableKind.FILTER);
    }
}
