package dev.openshell.netns.linux.proof;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Explanation;
import dev.openshell.netns.Explanation.Hop;
import dev.openshell.netns.Flow;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.plan.Planner;
import dev.openshell.netns.linux.plan.PolicyResolver;
import dev.openshell.netns.linux.plan.Preview;
import dev.openshell.netns.linux.plan.ResolvedPolicy;
import dev.openshell.netns.linux.resolve.ResolvConf;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What becomes of flows under a policy, on a host of a few addresses and names. */
record Explained(Preview preview) {
    static final InetAddress HOST = InetAddresses.forString("198.51.100.2");
    static final InetAddress HOST6 = InetAddresses.forString("2001:db8:1::2");

    private static final Map<String, List<InetAddress>> NAMES = Map.of(
            "db.internal", List.of(InetAddresses.forString("203.0.113.5"), InetAddresses.forString("2001:db8::5")),
            "other.example", List.of(InetAddresses.forString("203.0.113.77")));

    static Explained of(NetnsSandbox.Builder policy) {
        ResolvedPolicy resolved = new PolicyResolver(
                        NAMES::get,
                        ResolvConf.parse("nameserver 10.43.0.10\n"),
                        Set.of(HOST, HOST6)::contains,
                        address -> true,
                        Deadline.in(Duration.ofMinutes(1)))
                .resolve(policy.policy());
        return new Explained(Preview.of(resolved, new Planner(new IptablesCompiler())));
    }

    /** Returns the way to the flow's address, or to the first one of its name. */
    Explanation.Way way(String text) {
        Flow flow = Flow.parse(text);
        InetAddress address =
                flow.literal().orElseGet(() -> NAMES.get(flow.host()).get(0));
        return new Explainer(preview.rules(), preview.rulesets(), Set.of(HOST, HOST6)).way(flow, address);
    }

    /** Returns {@code NAMESPACE HOOK: VERDICT by RULE} for each hop, in brackets where the packet never gets there. */
    static List<String> hops(Explanation.Way way) {
        return way.hops().stream().map(Explained::hop).toList();
    }

    private static String hop(Hop hop) {
        String text = hop.namespace() + " " + hop.hook() + ": " + hop.verdict() + " by " + hop.rule();
        return hop.reached() ? text : "(" + text + ")";
    }
}
