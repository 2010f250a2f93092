package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Counterexample;
import dev.openshell.netns.Family;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.Verified;
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
    private static final String NO_LINK_LOCAL = "1";

    private final RuleCompiler compiler;

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
     * @throws VerificationException when they don't
     */
    Verified verify(Plan plan, RuleSet rules, HostState host) {
        return Proof.of(rules, plan.rulesets(host));
    }

    Plan plan(SandboxPolicy policy, RuleSet rules, Link link, HostState host, List<Step> forwarding) {
        Action down = LinkSteps.down(link);
        List<Step> steps =
                new ArrayList<>(linked(rules, link, host, guards(host, forwarding), down, policy.detached()));
        steps.addAll(forwarding);
        steps.addAll(allow(rules, link, host, down));
        steps.addAll(publish(policy, link));
        return new Plan(link, List.copyOf(steps));
    }

    /** Returns what makes a namespace ready for any policy: its link is up, and both ends drop everything. */
    Plan ready(Link link, HostState host) {
        return new Plan(link, linked(nothing(link), link, host, guards(host, List.of()), LinkSteps.down(link), false));
    }

    /**
     * Returns what turns a namespace that is ready into one with {@code policy}, behind what has made it ready, which on
     * a host whose standing deny is whole is done already. First its own rules are replaced, whatever became of them,
     * while the host still drops everything; then as in any plan.
     */
    Plan taken(SandboxPolicy policy, RuleSet rules, Link link, HostState host, List<Step> forwarding) {
        Action down = LinkSteps.down(link);
        List<Step> steps = new ArrayList<>(linked(nothing(link), link, host, guards(host, forwarding), down, false));
        int done = steps.size();
        steps.addAll(insideRules(rules, host));
        if (policy.detached()) {
            steps.add(LinkSteps.mark(link, true));
        }
        steps.addAll(forwarding);
        steps.addAll(allow(rules, link, host, down));
        steps.addAll(publish(policy, link));
        return new Plan(link, List.copyOf(steps), done);
    }

    /**
     * Proves that the rules which {@code ready} loads let nothing through. They may drop more than those of a sandbox
     * that allows nothing: its own source address comes no further than anybody's.
     *
     * @throws VerificationException when they do
     */
    void verifyReady(Plan ready, HostState host) {
        try {
            verify(ready, nothing(ready.link()), host);
        } catch (VerificationException e) {
            if (e.counterexample().map(Counterexample::admitted).orElse(true)) {
                throw e;
            }
        }
    }

    private static RuleSet nothing(Link link) {
        return RuleSet.of(link.veth(), List.of());
    }

    /** All until the link is up. What {@code rules} allow inside the host still drops then. */
    private List<Step> linked(
            RuleSet rules,
            Link link,
            HostState host,
            Map<Family, Map<String, Set<String>>> guards,
            Action down,
            boolean detached) {
        List<Step> steps = new ArrayList<>();
        steps.add(Step.of("create the namespace", "unshare", new Action.CreateNamespace())
                .undoneBy(Undo.IF_TRIED, new Action.CloseNamespace()));
        steps.addAll(deny(rules, link, host, guards));
        steps.addAll(inside(rules, host));
        steps.add(LinkSteps.make(link));
        steps.addAll(LinkSteps.hostEnd(link, host));
        steps.add(LinkSteps.sandboxUp(link));
        steps.add(LinkSteps.hostUp(link, down, detached));
        return List.copyOf(steps);
    }

    private static List<Step> publish(SandboxPolicy policy, Link link) {
        return published(policy, policy.name().orElse(link.host().name())).stream()
                .map(path -> Step.of(
                                "publish the namespace", path.toString(), new Action.Publish(path, policy.detached()))
                        .undoneBy(Undo.IF_DONE, new Action.Unpublish(path)))
                .toList();
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
                steps.add(LinkSteps.sysctl(Where.SANDBOX, key, ipv6 ? "0" : "1"));
            }
            steps.add(LinkSteps.sysctl(Where.SANDBOX, "net/ipv6/conf/default/addr_gen_mode", NO_LINK_LOCAL));
        }
        steps.addAll(insideRules(rules, host));
        return steps;
    }

    private List<Step> insideRules(RuleSet rules, HostState host) {
        return HostState.families(host.ipv6()).stream()
                .map(family -> load("load the sandbox's rules", Where.SANDBOX, family, compiler.sandbox(rules, family)))
                .toList();
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
}
