package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.Verified;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.plan.Action.Where;
import dev.openshell.netns.linux.plan.Plan.Step;
import dev.openshell.netns.linux.plan.Plan.Undo;
import dev.openshell.netns.linux.proof.Proof;
import dev.openshell.netns.linux.rules.HostRules;
import dev.openshell.netns.linux.rules.RuleCompiler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Lays out the steps for one sandbox. Pure. */
public class Planner {
    /** The name of the step from which on packets pass. */
    static final String LINK_UP = "bring the host end up";

    /** The name of the steps that load the standing deny. */
    static final String DENY = "deny on the host";

    /** The name of the steps that load what is allowed. */
    static final String ALLOW = "allow on the host";

    /** How often an ended process's open connections are tried to be closed. */
    static final String ORPHAN_RETRIES = "net/ipv4/tcp_orphan_retries";

    private static final Path PUBLISHED = Path.of("/run/netns");
    private static final int LOOPBACK_INDEX = 1;
    private static final String NO_LINK_LOCAL = "1";

    private final RuleCompiler compiler;
    private final Proved proved = new Proved();

    /** Makes a planner whose rules are written by {@code compiler}. */
    public Planner(RuleCompiler compiler) {
        this.compiler = compiler;
    }

    static Optional<Path> published(SandboxPolicy policy, String name) {
        return policy.named() ? Optional.of(PUBLISHED.resolve(name)) : Optional.empty();
    }

    /**
     * Proves that the rules which {@code plan} loads admit exactly what {@code rules} allow, whatever there is on the
     * host already.
     *
     * @throws dev.openshell.netns.VerificationException when they don't
     */
    Verified verify(Plan plan, RuleSet rules, HostState host) {
        return proved.of(rules, plan, host, () -> Proof.of(rules, plan.rulesets(host)));
    }

    Plan plan(SandboxPolicy policy, RuleSet rules, Link link, HostState host, List<Step> forwarding) {
        List<Step> steps = new ArrayList<>();
        steps.add(Step.of("create the namespace", "unshare", new Action.CreateNamespace())
                .undoneBy(Undo.IF_TRIED, new Action.CloseNamespace()));
        steps.addAll(deny(rules, link, host, guards(host, forwarding)));
        steps.addAll(inside(rules, host));
        steps.add(makeLink(link));
        steps.addAll(hostEnd(link, host));
        steps.add(sandboxUp(link));
        Action down = down(link);
        steps.add(hostUp(link, down, policy.detached()));
        steps.addAll(forwarding);
        steps.addAll(allow(rules, link, host, down));
        published(policy, policy.name().orElse(link.host().name()))
                .ifPresent(path -> steps.add(
                        Step.of("publish the namespace", path.toString(), new Action.Publish(path, policy.detached()))
                                .undoneBy(Undo.IF_DONE, new Action.Unpublish(path))));
        return new Plan(link, List.copyOf(steps));
    }

    /** The standing deny comes first. */
    private static List<Step> deny(
            RuleSet rules, Link link, HostState host, Map<Family, Map<String, Set<String>>> guards) {
        List<Step> steps = new ArrayList<>();
        for (Map.Entry<Family, HostRules> entry : host.rules().entrySet()) {
            Family family = entry.getKey();
            String standing =
                    entry.getValue().standing(rules.veth().network(family).isPresent());
            steps.add(load(DENY, Where.HOST, family, standing)
                    .undoneBy(Undo.IF_TRIED, new Action.Release(link.host().name(), guards)));
        }
        return steps;
    }

    /** Returns the guards that there are, or will be when {@code forwarding} is switched on. */
    private static Map<Family, Map<String, Set<String>>> guards(HostState host, List<Step> forwarding) {
        Map<Family, Map<String, Set<String>>> guards = new EnumMap<>(Family.class);
        host.rules().forEach((family, rules) -> add(guards, family, rules));
        for (Step step : forwarding) {
            if (step.action() instanceof Action.Load load) {
                add(guards, load.family(), HostRules.of(load.text()));
            }
        }
        return guards;
    }

    private static void add(Map<Family, Map<String, Set<String>>> guards, Family family, HostRules rules) {
        rules.guards().forEach((link, notes) -> guards.computeIfAbsent(family, each -> new TreeMap<>())
                .computeIfAbsent(link, each -> new TreeSet<>())
                .addAll(notes));
    }

    private List<Step> inside(RuleSet rules, HostState host) {
        List<Step> steps = new ArrayList<>();
        boolean ipv6 = rules.veth().network6().isPresent();
        if (host.ipv6()) {
            for (String scope : List.of("all", "default")) {
                String key = "net/ipv6/conf/" + scope + (ipv6 ? "/accept_ra" : "/disable_ipv6");
                steps.add(sysctl(Where.SANDBOX, key, ipv6 ? "0" : "1"));
            }
            steps.add(sysctl(Where.SANDBOX, "net/ipv6/conf/default/addr_gen_mode", NO_LINK_LOCAL));
        }
        for (Family family : HostState.families(host.ipv6())) {
            steps.add(load("load the sandbox's rules", Where.SANDBOX, family, compiler.sandbox(rules, family)));
        }
        return steps;
    }

    private static Step makeLink(Link link) {
        return Step.of(
                        "make the link",
                        link.host().name(),
                        new Action.Configure(
                                Where.HOST, made -> Rtnetlink.newVeth(link.host(), link.sandbox(), made.descriptor())))
                .undoneBy(
                        Undo.IF_FAILED,
                        new Action.ConfigureIfThere(
                                Where.HOST,
                                made -> Rtnetlink.deleteLink(
                                        link.host().index(), link.host().name())));
    }

    private static List<Step> hostEnd(Link link, HostState host) {
        String name = link.host().name();
        List<Step> steps = new ArrayList<>();
        if (host.ipv6()) {
            boolean ipv6 = link.veth().network6().isPresent();
            steps.add(Step.of(
                    "configure the host end",
                    name,
                    new Action.Configure(
                            Where.HOST,
                            made -> Rtnetlink.noLinkLocal(link.host().index(), name))));
            steps.add(sysctl(Where.HOST, "net/ipv6/conf/" + name + "/accept_ra", "0"));
            steps.add(sysctl(Where.HOST, "net/ipv6/conf/" + name + "/disable_ipv6", ipv6 ? "0" : "1"));
        }
        return steps;
    }

    /** The sandbox's end with address, neighbour and default route, all by the host end. */
    private static Step sandboxUp(Link link) {
        return Step.of(
                        "bring the sandbox's end up",
                        link.sandbox().name(),
                        new Action.Configure(Where.SANDBOX, made -> Rtnetlink.setUp(LOOPBACK_INDEX, "lo", true)
                                .and(end(link, link.sandbox(), link.host(), 2, 1, true))))
                // Connections that ended processes leave open would hold the namespace for two minutes.
                .undoneBy(Undo.IF_DONE, new Action.SetSysctl(Where.SANDBOX, ORPHAN_RETRIES, "1"));
    }

    private static Step hostUp(Link link, Action down, boolean detached) {
        return Step.of(LINK_UP, link.host().name(), new Action.Configure(Where.HOST, made -> Rtnetlink.alias(
                                link.host().index(),
                                link.host().name(),
                                made.mark(detached).toString())
                        .and(end(link, link.host(), link.sandbox(), 1, 2, false))))
                .undoneBy(Undo.IF_TRIED, down);
    }

    private static Action down(Link link) {
        return new Action.ConfigureIfThere(
                Where.HOST,
                made -> Rtnetlink.setUp(link.host().index(), link.host().name(), false));
    }

    private static Request end(
            Link link, Rtnetlink.End own, Rtnetlink.End peer, int ownOffset, int peerOffset, boolean defaultRoute) {
        Request request = new Request();
        for (Family family : Family.values()) {
            link.veth()
                    .network(family)
                    .ifPresent(network ->
                            request.and(Rtnetlink.newAddress(own.index(), network.at(ownOffset), network.prefix())));
        }
        request.and(Rtnetlink.setUp(own.index(), own.name(), true));
        for (Family family : Family.values()) {
            link.veth().network(family).ifPresent(network -> {
                request.and(Rtnetlink.newNeighbour(own.index(), network.at(peerOffset), peer.mac()));
                if (defaultRoute) {
                    request.and(Rtnetlink.newDefaultRoute(own.index(), network.at(peerOffset)));
                }
            });
        }
        return request;
    }

    /** What is allowed comes last. */
    private List<Step> allow(RuleSet rules, Link link, HostState host, Action down) {
        List<Step> steps = new ArrayList<>();
        for (Family family : HostState.families(host.ipv6())) {
            String text =
                    compiler.host(rules, family, link.owner().map(Mark::rules).orElse(""));
            steps.add(load(ALLOW, Where.HOST, family, text).undoneBy(Undo.IF_TRIED, down));
        }
        return steps;
    }

    private static Step load(String name, Where where, Family family, String text) {
        return Step.of(name, family + " rules", new Action.Load(where, family, text));
    }

    private static Step sysctl(Where where, String key, String value) {
        return Step.of("write sysctl", key, new Action.SetSysctl(where, key, value));
    }
}
