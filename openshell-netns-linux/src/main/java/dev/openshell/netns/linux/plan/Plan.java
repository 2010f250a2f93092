package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.SandboxPlan;
import dev.openshell.netns.linux.proof.Rulesets;
import dev.openshell.netns.linux.rules.RestoreText;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What makes a sandbox, in order. At no point between two steps does a packet get through that the policy does not
 * allow.
 */
record Plan(Link link, List<Step> steps) {
    private static final Pattern FORWARDING = Pattern.compile("net/ipv([46])/conf/([^/]+)/(?:force_)?forwarding");

    /** Returns the steps as users see them, and the whole input of each namespace and family. */
    SandboxPlan shown() {
        List<SandboxPlan.Step> shown = new ArrayList<>();
        Map<Family, String> sandbox = new EnumMap<>(Family.class);
        Map<Family, String> host = new EnumMap<>(Family.class);
        for (Step step : steps) {
            if (step.action() instanceof Action.Load load) {
                Map<Family, String> texts = load.where() == Action.Where.HOST ? host : sandbox;
                texts.merge(load.family(), load.text(), RestoreText::merge);
                if (load.text().isEmpty()) {
                    continue;
                }
            }
            shown.add(new SandboxPlan.Step(step.name(), step.object()));
        }
        List<SandboxPlan.RestoreInput> inputs = new ArrayList<>();
        sandbox.forEach((family, text) -> inputs.add(new SandboxPlan.RestoreInput("sandbox", family, text)));
        host.forEach((family, text) -> inputs.add(new SandboxPlan.RestoreInput("host", family, text)));
        return new SandboxPlan(link.veth(), shown, inputs);
    }

    /** Returns the rules of both ends as they are when all steps are done on {@code host}, and when the link comes up. */
    Rulesets rulesets(HostState host) {
        Rulesets rulesets = new Rulesets();
        host.rules().forEach((family, saved) -> rulesets.host(family, saved.text()));
        for (Step step : steps) {
            if (step.name().equals(Planner.LINK_UP)) {
                rulesets.up();
            } else if (step.action() instanceof Action.Load load) {
                if (load.where() == Action.Where.HOST) {
                    rulesets.host(load.family(), load.text());
                } else {
                    rulesets.sandbox(load.family(), load.text());
                }
            }
        }
        forwarding().forEach((family, links) -> links.forEach(each -> rulesets.guarded(family, each)));
        return rulesets;
    }

    /** Returns the interfaces beside the link on which forwarding is switched on; an empty name is all of them. */
    Map<Family, Set<String>> forwarding() {
        Map<Family, Set<String>> forwarding = new EnumMap<>(Family.class);
        for (Step step : steps) {
            if (step.action() instanceof Action.SetSysctl sysctl && sysctl.where() == Action.Where.HOST) {
                Matcher key = FORWARDING.matcher(sysctl.key());
                if (key.matches() && !key.group(2).equals(link.host().name())) {
                    Family family = key.group(1).equals("4") ? Family.IPV4 : Family.IPV6;
                    forwarding
                            .computeIfAbsent(family, each -> new TreeSet<>())
                            .add(key.group(2).equals("all") ? "" : key.group(2));
                }
            }
        }
        return forwarding;
    }

    /** Returns the notes of the guards that there are once all steps are done, by family and link. */
    Map<Family, Map<String, Set<String>>> guards() {
        return steps.stream()
                .flatMap(step -> step.undo().stream())
                .filter(Action.Release.class::isInstance)
                .map(action -> ((Action.Release) action).guards())
                .findFirst()
                .orElse(Map.of());
    }

    /** When a step's undo is for. */
    enum Undo {
        /** The step did what it does. */
        IF_DONE,
        /** The step was tried: a batch that failed may have done some of it. */
        IF_TRIED,
        /** The step was tried and making the sandbox failed; in a normal close the kernel does it by itself. */
        IF_FAILED
    }

    /** A step: what it is and to what, for error texts; what is done; what undoes it and when. */
    record Step(String name, String object, Action action, Optional<Action> undo, Undo when) {
        static Step of(String name, String object, Action action) {
            return new Step(name, object, action, Optional.empty(), Undo.IF_DONE);
        }

        Step undoneBy(Undo when, Action undo) {
            return new Step(name, object, action, Optional.of(undo), when);
        }
    }
}
