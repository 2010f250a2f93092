package dev.openshell.netns.linux.cli;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Cidr;
import dev.openshell.netns.Counterexample;
import dev.openshell.netns.Explanation;
import dev.openshell.netns.Explanation.Hop;
import dev.openshell.netns.Explanation.Verdict;
import dev.openshell.netns.Explanation.Way;
import dev.openshell.netns.Family;
import dev.openshell.netns.Flow;
import dev.openshell.netns.PolicyDiff;
import dev.openshell.netns.PolicyReport;
import dev.openshell.netns.PolicyReport.Finding;
import dev.openshell.netns.Protocol;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPlan;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.Verified;
import dev.openshell.netns.VethPair;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A value of each kind that a command prints. */
final class Samples {
    static final Rule HTTPS = Rule.of(
            Rule.Kind.DIRECT,
            Protocol.TCP,
            InetAddresses.forString("203.0.113.10"),
            443,
            "directTcp(\"203.0.113.10\")");

    static final Rule DNS = Rule.of(
            Rule.Kind.DNS, Protocol.UDP, InetAddresses.forString("2001:db8::53"), 53, "allowDns(\"2001:db8::53\")");

    static final VethPair LINK = VethPair.builder()
            .hostInterface("osh-example")
            .network(Cidr.parse("10.200.0.0/30"))
            .network6(Cidr.parse("fd00:1::/126"))
            .build();

    static final RuleSet RULE_SET = RuleSet.of(LINK, List.of(HTTPS, DNS));

    static final Explanation ALLOWED = new Explanation(
            Flow.parse("tcp:203.0.113.10:443"),
            List.of(new Way(
                    HTTPS.address(),
                    true,
                    List.of(new Hop(
                            "sandbox",
                            "filter OUTPUT",
                            Verdict.ACCEPT,
                            "-A OUTPUT -d 203.0.113.10/32 -j ACCEPT",
                            true)),
                    Optional.of("directTcp(\"203.0.113.10\")"),
                    "")));

    static final Explanation DENIED = new Explanation(
            Flow.parse("tcp:db.internal:5432"),
            List.of(
                    denied("203.0.113.11", "directTcp(\"db.internal\", 5432)"),
                    denied("2001:db8::11", "directTcp(\"db.internal\", 5432)")));

    static final Verified VERIFIED = new Verified(BigInteger.TWO.pow(121), 96, Duration.ofNanos(310_999));

    static final VerificationException DIFFERENT = VerificationException.of(
            new Counterexample(
                    Flow.parse("tcp:203.0.113.11:443"),
                    true,
                    "host ipv4 filter FORWARD",
                    "from 10.200.0.2:1 by osh-example, state NEW",
                    "-A OPENSHELL-FWD -j ACCEPT",
                    "DROP",
                    "ACCEPT"),
            "nothing was loaded");

    static final VerificationException UNKNOWN =
            VerificationException.unknown("ipv4 filter FORWARD", "--string", "-A FORWARD --string x", "leave it out");

    static final List<String> ADMITS = List.of("tcp:203.0.113.10:443", "any:10.43.0.0/24");

    static final PolicyDiff NO_DIFF = new PolicyDiff(List.of(), List.of(), List.of());

    static final PolicyDiff DIFF = new PolicyDiff(
            List.of(HTTPS),
            List.of(DNS),
            List.of(new PolicyDiff.LiveFlow(HTTPS, 40000, "ESTABLISHED"), new PolicyDiff.LiveFlow(DNS, 40001, "")));

    static final PolicyReport REPORT = new PolicyReport(List.of(
            new Finding(PolicyReport.Kind.OPEN_RESOLVER, "10.43.0.10", "can carry data out"),
            new Finding(PolicyReport.Kind.LANDLOCK, "kernel", "has \"Landlock\"")));

    static final SandboxPlan PLAN = new SandboxPlan(
            LINK,
            List.of(new SandboxPlan.Step("make the link", "osh-example"), new SandboxPlan.Step("bring up lo", "")),
            List.of(new SandboxPlan.RestoreInput("sandbox", Family.IPV4, "*filter\n:INPUT DROP [0:0]\nCOMMIT\n")));

    private Samples() {}

    private static Way denied(String address, String advice) {
        return new Way(
                InetAddresses.forString(address),
                false,
                List.of(
                        new Hop("sandbox", "filter OUTPUT", Verdict.REJECT, "-A OUTPUT -j REJECT", true),
                        new Hop("host", "filter FORWARD", Verdict.DROP, "policy DROP", false)),
                Optional.empty(),
                advice);
    }
}
