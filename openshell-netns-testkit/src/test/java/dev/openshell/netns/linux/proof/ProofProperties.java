package dev.openshell.netns.linux.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.openshell.netns.Family;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.testkit.HookPacket;
import dev.openshell.netns.testkit.Packet;
import dev.openshell.netns.testkit.PolicyArbitraries;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

/**
 * What is compiled from 10,000 policies is proved, and at the corners and edges of all that a policy tells apart the
 * proof, the tracer and the policy itself say the same.
 */
class ProofProperties {
    /** How many packets beside each corner, and corners of how many rules; {@code -Dproof.beside=50} looks longer. */
    private static final int BESIDE = Integer.getInteger("proof.beside", 4);

    private static final int RULES = Integer.getInteger("proof.rules", 2);
    private static final List<Set<String>> GUARDED = List.of(Set.of(), Set.of(), Set.of("wlan0"), Set.of(""));

    @Provide
    Arbitrary<RuleSet> ruleSets() {
        return PolicyArbitraries.ruleSets();
    }

    @Provide
    Arbitrary<VethPair> links() {
        return PolicyArbitraries.links();
    }

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void rulesFarApartAreProvedAndMeanWhatThePolicySays(@ForAll("ruleSets") RuleSet rules, @ForAll Random random) {
        agree(rules, random);
    }

    @Property(tries = 9700, shrinking = ShrinkingMode.OFF)
    void rulesSideBySideAreProvedAndMeanWhatThePolicySays(@ForAll("links") VethPair veth, @ForAll Random random) {
        agree(PolicyMix.of(veth, random), random);
    }

    static void agree(RuleSet rules, Random random) {
        Set<String> guarded = GUARDED.get(random.nextInt(GUARDED.size()));
        boolean six = random.nextInt(rules.veth().network6().isPresent() ? 2 : 16) == 0;
        Ruled traced = Ruled.compiled(rules, six ? Family.IPV6 : Family.IPV4, guarded);
        Rulesets loaded = traced.rulesets();
        if (random.nextInt(4) == 0) {
            Ruled.compiled(rules, six ? Family.IPV4 : Family.IPV6, guarded).into(loaded);
        }
        assertThat(Proof.of(rules, loaded).regions()).isPositive();
        agree(traced, random);
    }

    private static void agree(Ruled ruled, Random random) {
        Ends ends = Ends.of(ruled.rules(), ruled.family(), ruled.rulesets());
        Saying saying = ruled.saying(ends.uplink());
        Corners corners = new Corners(ends, ruled, random);
        // The tracer takes longer to read rules than to follow packets through them.
        boolean both = random.nextBoolean();
        List<Obligation> hooks = ends.all().stream()
                .filter(hook -> both || hook.place().startsWith("host "))
                .toList();
        Map<Obligation, Traced> traced = ruled.traced(hooks);
        List<Rule> listed = ruled.rules().rules(ruled.family());
        for (Obligation hook : hooks) {
            List<long[]> middles = new ArrayList<>();
            if (listed.isEmpty() || random.nextInt(3) == 0) {
                middles.addAll(corners.allowed(hook, Optional.empty()));
            }
            int first = listed.size() <= RULES ? 0 : random.nextInt(listed.size());
            for (int i = first; i < Math.min(first + RULES, listed.size()); i++) {
                middles.addAll(corners.allowed(hook, Optional.of(listed.get(i))));
            }
            At at = new At(hook, hook.actual(), saying, traced.get(hook), random.nextInt(8) == 0);
            for (long[] middle : middles) {
                at.agrees(middle);
                for (int i = 0; i < BESIDE; i++) {
                    at.agrees(corners.beside(middle, hook.meaning().translated()));
                }
            }
        }
    }

    /** One hook, asked four times about each packet. */
    private record At(Obligation hook, Diagram actual, Saying saying, Traced traced, boolean walked) {
        void agrees(long[] fields) {
            HookPacket packet =
                    FieldView.of(hook.space(), fields, hook.meaning().translated());
            Optional<Packet> sent = packet.packet();
            boolean asked = saying.asks(hook.place(), packet, "osh-0");
            if (sent.isEmpty() || !asked) {
                return;
            }
            String said = saying.of(hook.place(), packet);
            Optional<Traced.Verdict> found = traced.of(sent.get());
            if (found.isEmpty()) {
                return;
            }
            List<String> others = List.of(
                    found.get().name(),
                    name(actual.at(fields)),
                    name(hook.expected().at(fields)),
                    walked ? name(hook.decide(fields).verdict()) : said);
            if (hook.domain().at(fields) != 1 || !others.stream().allMatch(said::equals)) {
                fail(
                        "%s: %s is %sasked about; the policy says %s; tracer, proof, what it expects, its way: %s",
                        hook.place(), packet, hook.domain().at(fields) == 1 ? "" : "not ", said, others);
            }
        }

        private String name(int verdict) {
            return verdict == Verdicts.NEXT ? "NEXT" : hook.verdict(verdict);
        }
    }
}
