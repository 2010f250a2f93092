package dev.openshell.netns.linux.proof;

import dev.openshell.netns.Counterexample;
import dev.openshell.netns.Family;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.Verified;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Diagrams;
import dev.openshell.netns.linux.diagram.TooManyRegionsException;
import dev.openshell.netns.linux.ruleset.UnknownTokenException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Optional;

/**
 * The proof that rules treat every packet as a policy says, at every hook of both ends of a link: over all protocols,
 * addresses, ports, TCP flags, interfaces, states and directions of a flow, and whatever others translate between.
 *
 * <p>It is about packets within the limits: a rule that drops or rejects what is beyond a number of flows or a rate
 * ({@code connlimit}, {@code hashlimit}, {@code limit}) can only take away, and is as if it never matched. Such a match
 * with any other target is a word whose meaning is not known. That the limits are there is not proved; rules that were
 * read back are compared with those that were sent, these too.
 */
public final class Proof {
    private static final String BUG = "nothing was loaded; report this with the policy";

    private BigInteger packets = BigInteger.ZERO;
    private long regions;

    private Proof() {}

    /**
     * Returns the figures of the proof that {@code loaded} admits exactly what {@code rules} allow.
     *
     * @throws VerificationException where it does not, or has a word whose meaning is not known
     */
    public static Verified of(RuleSet rules, Rulesets loaded) {
        return of(rules, loaded, BUG);
    }

    /** Does the same, with a remedy for what is found. */
    public static Verified of(RuleSet rules, Rulesets loaded, String remedy) {
        long start = System.nanoTime();
        Proof proof = new Proof();
        Optional<Counterexample> found = Optional.empty();
        for (Family family : Family.values()) {
            if (!loaded.knows(family)) {
                continue;
            }
            String place = family.toString();
            try {
                for (Obligation each : Ends.of(rules, family, loaded).all()) {
                    place = each.place();
                    Optional<Counterexample> differing = proof.check(each, rules);
                    // What gets through too much is worse than what does not get through.
                    if (differing.isPresent()
                            && found.map(before -> !before.admitted()).orElse(true)) {
                        found = found.isEmpty() || differing.get().admitted() ? differing : found;
                    }
                }
            } catch (UnknownTokenException e) {
                throw VerificationException.unknown(place, e.token(), e.line(), remedy);
            } catch (TooManyRegionsException e) {
                throw VerificationException.unknown(place, "regions", e.getMessage(), remedy);
            }
        }
        if (found.isPresent()) {
            throw VerificationException.of(found.get(), remedy);
        }
        return new Verified(proof.packets, proof.regions, Duration.ofNanos(System.nanoTime() - start));
    }

    /**
     * Returns the figures of the proof for rules that were read back, which have to be those that were {@code sent}.
     *
     * @throws VerificationException where they are not
     */
    public static Verified ofLoaded(RuleSet rules, Rulesets sent, Rulesets loaded) {
        for (Family family : Family.values()) {
            if (sent.knows(family)) {
                new Comparison(rules.veth(), family).check(sent, loaded);
            }
        }
        return of(rules, loaded, Comparison.REMEDY);
    }

    private Optional<Counterexample> check(Obligation each, RuleSet rules) {
        Diagrams diagrams = each.space().diagrams();
        Diagram actual = each.actual();
        if (each.isClosed(actual)) {
            return Optional.empty();
        }
        packets = packets.add(diagrams.count(each.domain()));
        regions += diagrams.regions(actual);
        if (actual == each.expected()) {
            return Optional.empty();
        }
        Diagram differing = each.space().and(diagrams.difference(actual, each.expected()), each.domain());
        if (differing == diagrams.always(0)) {
            return Optional.empty();
        }
        Diagram admitted = each.space().and(differing, diagrams.test(actual, Verdicts::passes));
        admitted = each.space().and(admitted, diagrams.test(each.expected(), verdict -> !Verdicts.passes(verdict)));
        boolean admits = admitted != diagrams.always(0);
        if (each.atMost() && !admits) {
            return Optional.empty();
        }
        Packets packets = new Packets(each.space(), rules.veth(), each.place().startsWith("sandbox "));
        long[] packet = packets.simplest(admits ? admitted : differing);
        Meaning.Decision decision = each.decide(packet);
        return Optional.of(new Counterexample(
                packets.flow(packet),
                admits,
                each.place(),
                packets.text(packet, each.meaning().translated()),
                decision.rule(),
                each.verdict(each.expected().at(packet)),
                each.verdict(decision.verdict())));
    }
}
