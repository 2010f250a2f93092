package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.linux.rules.HostRules;
import dev.openshell.netns.linux.rules.IptablesCompiler;
import dev.openshell.netns.linux.rules.RestoreText;
import dev.openshell.netns.testkit.RulesetTracer;
import dev.openshell.netns.testkit.ruleset.Ruleset;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A policy and the rules of one family at both ends, each as one text.
 *
 * @param guarded the interfaces on which forwarding was switched on
 */
record Ruled(RuleSet rules, Family family, Set<String> guarded, String sandbox, String host) {
    private static final IptablesCompiler COMPILER = new IptablesCompiler();

    /** Interfaces that packets come and go by, if the proof tells them apart. */
    private static final List<String> INTERFACES = List.of(
            "", "lo", "eth0", "uplink0", "wlan0", "eth1", "osh-", "osh-0", "osh-1", "osh-/", "osh-zz", "ppp0", "ppp/");

    static Ruled compiled(RuleSet rules, Family family, Set<String> guarded) {
        String text = HostRules.of("").standing(rules.veth().network(family).isPresent());
        for (String link : guarded) {
            text = RestoreText.merge(text, HostRules.guard(link, "forwarding-0"));
        }
        text = RestoreText.merge(text, COMPILER.host(rules, family));
        return new Ruled(rules, family, guarded, COMPILER.sandbox(rules, family), text);
    }

    /** Returns {@code text} as iptables-save prints it when it is loaded: no rule is inserted before another. */
    static String saved(Family family, String text) {
        Ruleset ruleset = new Ruleset(family, IptablesVariant.AUTO);
        ruleset.restore(text, false);
        return ruleset.save().lines().filter(line -> !line.startsWith("#")).collect(Collectors.joining("\n", "", "\n"));
    }

    Ruled with(String otherSandbox, String otherHost) {
        return new Ruled(rules, family, guarded, otherSandbox, otherHost);
    }

    Rulesets rulesets() {
        return into(new Rulesets());
    }

    /** Adds the rules to those of another family. */
    Rulesets into(Rulesets loaded) {
        loaded.host(family, host);
        loaded.sandbox(family, sandbox);
        guarded.forEach(link -> loaded.guarded(family, link));
        return loaded;
    }

    Saying saying(String uplink) {
        return new Saying(
                rules,
                family,
                guarded.stream().map(name -> name.isEmpty() ? uplink : name).collect(Collectors.toSet()));
    }

    /** Returns the tracer at each of these hooks, of a sandbox and a host with these rules. */
    Map<Obligation, Traced> traced(List<Obligation> hooks) {
        Map<String, RulesetTracer> known = new HashMap<>();
        Map<Obligation, Traced> traced = new IdentityHashMap<>();
        for (Obligation each : hooks) {
            traced.put(each, Traced.of(each, family, each.place().startsWith("host") ? host : sandbox, known));
        }
        return traced;
    }

    /** Returns the interfaces that packets of {@code space} can come and go by. */
    List<String> interfaces(Space space) {
        return Stream.concat(INTERFACES.stream(), Stream.of(rules.veth().hostInterface()))
                .filter(name -> space.interfaceIndex(name) >= 0)
                .toList();
    }
}
