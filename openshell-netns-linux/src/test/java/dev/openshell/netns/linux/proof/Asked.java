package dev.openshell.netns.linux.proof;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Counterexample;
import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.VethPair;
import java.util.ArrayList;
import java.util.List;

/** A foreign ruleset's chain and what is asked of it, in the words of the command line. */
record Asked(Family family, String chain, String text) {
    static final VethPair VETH = VethPair.builder()
            .hostInterface("osh-plan")
            .network(Cidr.parse("10.200.0.0/30"))
            .network6(Cidr.parse("fd00:6f73:6800::/126"))
            .build();

    /** Table filter with these lines, asked from OUTPUT on. */
    static Asked output(String lines) {
        return of("OUTPUT", lines);
    }

    static Asked of(String chain, String lines) {
        return new Asked(Family.IPV4, chain, "*filter\n" + lines + "COMMIT\n");
    }

    static Asked output6(String lines) {
        return new Asked(Family.IPV6, "OUTPUT", "*filter\n" + lines + "COMMIT\n");
    }

    /** Returns the policy that allows these flows, {@code tcp:203.0.113.10:443} and the like. */
    static RuleSet policy(String... flows) {
        List<Rule> rules = new ArrayList<>();
        for (String text : flows) {
            Flow flow = Flow.parse(text);
            boolean dns = flow.port().getAsInt() == 53;
            rules.add(Rule.of(
                    dns ? Rule.Kind.DNS : Rule.Kind.DIRECT,
                    flow.protocol() == Protocol.TCP.number() ? Protocol.TCP : Protocol.UDP,
                    flow.literal().orElseThrow(),
                    flow.port().getAsInt(),
                    text));
        }
        return RuleSet.of(VETH, rules);
    }

    ForeignRules parse() {
        return ForeignRules.parse(family, text, chain);
    }

    List<String> admits() {
        return parse().admits(50);
    }

    /** Returns {@code equal}, {@code FLOW admitted|refused by RULE} or {@code unknown TOKEN}. */
    String verify(String... flows) {
        try {
            parse().verify(policy(flows));
            return "equal";
        } catch (VerificationException e) {
            return e.unknown().map(token -> "unknown " + token).orElseGet(() -> {
                Counterexample found = e.counterexample().orElseThrow();
                return found + " by " + found.rule();
            });
        }
    }

    /** Returns {@code allowed by RULE} or {@code denied by RULE}. */
    String explain(String text) {
        Flow flow = Flow.parse(text);
        var way = parse().explain(flow.protocol(), InetAddresses.forString(flow.host()), flow.port());
        return (way.allowed() ? "allowed by " : "denied by ")
                + way.hops().get(0).rule();
    }
}
