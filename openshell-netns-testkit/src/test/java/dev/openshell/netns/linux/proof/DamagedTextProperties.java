package dev.openshell.netns.linux.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.openshell.netns.Counterexample;
import dev.openshell.netns.Family;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.diagram.Diagram;
import dev.openshell.netns.linux.diagram.Diagrams;
import dev.openshell.netns.testkit.HookPacket;
import dev.openshell.netns.testkit.PolicyArbitraries;
import dev.openshell.netns.testkit.ruleset.RuleProblem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsReport;

/**
 * There is never a wrong proof: of rules that were changed at random the proof says what the tracer says, its
 * counterexample is treated as it says and can't be simpler, and what it calls proved has no packet that is not.
 */
class DamagedTextProperties {
    private static final int PACKETS = 12;
    private static final List<Set<String>> GUARDED = List.of(Set.of(), Set.of("wlan0"), Set.of(""));

    @Provide
    Arbitrary<VethPair> links() {
        return PolicyArbitraries.links();
    }

    /** What came of a text. */
    enum Outcome {
        PROVED,
        DIFFERING,
        UNKNOWN
    }

    @Property(tries = 2500, shrinking = ShrinkingMode.OFF)
    @StatisticsReport(StatisticsReport.StatisticsReportMode.OFF)
    void neverAWrongProof(@ForAll("links") VethPair veth, @ForAll Random random) {
        Statistics.collect(judged(veth, random));
        Statistics.coverage(all -> {
            all.check(Outcome.PROVED).percentage(percent -> percent > 20);
            all.check(Outcome.DIFFERING).percentage(percent -> percent > 20);
            all.check(Outcome.UNKNOWN).percentage(percent -> percent < 20);
        });
    }

    /** Inside only the filter table is looked at: rules of another one are not passed over. */
    @Property(tries = 20, shrinking = ShrinkingMode.OFF)
    void rulesOfATableThatIsNotAskedAreUnknown(
            @ForAll("links") VethPair veth, @ForAll Random random, @ForAll("tables") String table) {
        Ruled sound = Ruled.compiled(PolicyMix.of(veth, random), Family.IPV4, Set.of());
        String text = sound.sandbox() + "*" + table + "\n-A OUTPUT -p tcp -j ACCEPT\nCOMMIT\n";
        Rulesets loaded = sound.with(text, sound.host()).rulesets();
        assertThatExceptionOfType(VerificationException.class)
                .isThrownBy(() -> Proof.of(sound.rules(), loaded))
                .satisfies(e -> assertThat(e.unknown()).hasValue(table));
    }

    @Provide
    Arbitrary<String> tables() {
        return Arbitraries.of("raw", "mangle", "nat", "security");
    }

    static Outcome judged(VethPair veth, Random random) {
        RuleSet rules = PolicyMix.of(veth, random);
        Family family = random.nextInt(3) == 0 ? Family.IPV6 : Family.IPV4;
        Ruled sound = Ruled.compiled(rules, family, GUARDED.get(random.nextInt(GUARDED.size())));
        RandomRule rule = new RandomRule(rules, family, random);
        boolean inside = random.nextInt(3) == 0;
        String text = Ruled.saved(family, inside ? sound.sandbox() : sound.host());
        while (true) {
            String damaged = Damage.of(text, rule, random);
            try {
                String saved = Ruled.saved(family, damaged);
                String given = random.nextBoolean() ? saved : damaged;
                return new Judge(
                                inside ? sound.with(given, sound.host()) : sound.with(sound.sandbox(), given),
                                inside ? "sandbox" : "host",
                                random)
                        .judge(given);
            } catch (RuleProblem e) {
                // iptables would refuse it.
            }
        }
    }

    /** Holds proof, tracer and policy against one another for one text. */
    private static final class Judge {
        private final Ruled ruled;
        private final String end;
        private final Random random;

        /** Makes one for rules that are damaged at one end. */
        Judge(Ruled ruled, String end, Random random) {
            this.ruled = ruled;
            this.end = end;
            this.random = random;
        }

        Outcome judge(String damaged) {
            Optional<Counterexample> found = Optional.empty();
            try {
                Proof.of(ruled.rules(), ruled.rulesets());
            } catch (VerificationException e) {
                found = e.counterexample();
                if (found.isEmpty()) {
                    assertThat(damaged).contains(e.unknown().orElseThrow());
                    return Outcome.UNKNOWN;
                }
            }
            Ends ends = Ends.of(ruled.rules(), ruled.family(), ruled.rulesets());
            List<Obligation> hooks = ends.all().stream()
                    .filter(hook -> hook.place().startsWith(end + " "))
                    .toList();
            Saying saying = ruled.saying(ends.uplink());
            Corners corners = new Corners(ends, ruled, random).named(damaged);
            Map<Obligation, Traced> traced = ruled.traced(hooks);
            for (Obligation hook : hooks) {
                At at = new At(hook, hook.actual(), saying, traced.get(hook), damaged);
                agrees(at, corners, found.isEmpty());
                found.filter(example -> example.place().equals(hook.place()))
                        .ifPresent(example -> differs(at, example, corners));
            }
            assertThat(found.map(Counterexample::place).orElse(end + " ")).startsWith(end + " ");
            return found.isEmpty() ? Outcome.PROVED : Outcome.DIFFERING;
        }

        private void agrees(At at, Corners corners, boolean proved) {
            List<Rule> listed = ruled.rules().rules(ruled.family());
            Optional<Rule> any =
                    listed.isEmpty() ? Optional.empty() : Optional.of(listed.get(random.nextInt(listed.size())));
            for (long[] middle : corners.allowed(at.hook, any)) {
                long[] packet = middle;
                for (int i = 0; i < PACKETS; i++) {
                    Optional<Traced.Verdict> verdict = at.agreed(packet, i % 8 == 0);
                    HookPacket seen = at.seen(packet);
                    if (proved && verdict.isPresent()) {
                        assertThat(verdict.get().name())
                                .as("proved, and yet at %s %s by %s\n%s", at.hook.place(), seen, verdict, ruled)
                                .isEqualTo(at.saying.of(at.hook.place(), seen));
                    }
                    if (proved) {
                        elsewhere(at, at.seen(packet));
                    }
                    packet = corners.beside(
                            random.nextInt(3) == 0 ? packet : middle,
                            at.hook.meaning().translated());
                }
            }
        }

        /** What is proved is so for all interfaces that no rule names, also for those that the proof has no packet of. */
        private void elsewhere(At at, HookPacket packet) {
            String own = ruled.rules().veth().hostInterface();
            List<String> unnamed = List.of("osh-0", "osh-zz1", own + "x", own.substring(0, own.length() - 1) + "~");
            String other = unnamed.get(random.nextInt(unnamed.size()));
            HookPacket moved = packet.via(
                    packet.in().startsWith("osh-") ? other : packet.in(),
                    packet.out().startsWith("osh-") ? other : packet.out());
            if (at.saying.asks(at.hook.place(), moved, other)) {
                moved.packet().flatMap(at.traced::of).ifPresent(verdict -> assertThat(verdict.name())
                        .as("proved, and yet at %s %s by %s\n%s", at.hook.place(), moved, verdict, ruled)
                        .isEqualTo(at.saying.of(at.hook.place(), moved)));
            }
        }

        /** The counterexample is the simplest packet that is treated otherwise than the policy says. */
        private void differs(At at, Counterexample example, Corners corners) {
            Diagrams diagrams = at.hook.space().diagrams();
            Diagram differing =
                    at.hook.space().and(diagrams.difference(at.actual, at.hook.expected()), at.hook.domain());
            Diagram wanted = example.admitted()
                    ? at.hook
                            .space()
                            .and(
                                    at.hook.space().and(differing, diagrams.test(at.actual, Verdicts::passes)),
                                    diagrams.test(at.hook.expected(), verdict -> !Verdicts.passes(verdict)))
                    : differing;
            Packets order = new Packets(
                    at.hook.space(), ruled.rules().veth(), at.hook.place().startsWith("sandbox "));
            long[] packet = order.simplest(wanted);
            assertThat(order.text(packet, at.hook.meaning().translated())).isEqualTo(example.packet());
            assertThat(at.differs(packet, example.admitted()).orElse(true))
                    .as("%s\n%s", example, ruled)
                    .isTrue();
            at.agreed(packet, true)
                    .ifPresent(verdict -> assertThat(at.shown(verdict.name())).isEqualTo(example.found()));
            List<long[]> near = new ArrayList<>(corners.allowed(at.hook, Optional.empty()));
            for (int i = 0; i < 4; i++) {
                near.add(corners.beside(packet, at.hook.meaning().translated()));
            }
            Minimal minimal = new Minimal(order, at.hook.space(), near, random);
            Optional<long[]> simpler = minimal.simpler(
                    packet,
                    each -> at.hook.domain().at(each) == 1
                            && at.differs(each, example.admitted()).orElse(wanted.at(each) == 1));
            assertThat(simpler.map(at::seen))
                    .as("simpler than %s\n%s", example, ruled)
                    .isEmpty();
        }
    }

    /** One hook, its diagram, the policy and the tracer. */
    private record At(Obligation hook, Diagram actual, Saying saying, Traced traced, String text) {
        HookPacket seen(long[] packet) {
            return FieldView.of(hook.space(), packet, hook.meaning().translated());
        }

        String shown(String verdict) {
            return verdict.equals("NEXT") ? hook.verdict(Verdicts.NEXT) : verdict;
        }

        /** Returns what the tracer says, where it can, which is what the diagram says. */
        Optional<Traced.Verdict> agreed(long[] packet, boolean walked) {
            Optional<Traced.Verdict> verdict =
                    hook.domain().at(packet) == 1 ? seen(packet).packet().flatMap(traced::of) : Optional.empty();
            if (verdict.isPresent()) {
                assertThat(hook.verdict(actual.at(packet)))
                        .as("%s: %s is %s\n%s", hook.place(), seen(packet), verdict.get(), text)
                        .isEqualTo(shown(verdict.get().name()));
                if (walked) {
                    Meaning.Decision decision = hook.decide(packet);
                    assertThat(hook.verdict(decision.verdict()))
                            .isEqualTo(shown(verdict.get().name()));
                    if (!verdict.get().rule().isEmpty()) {
                        assertThat(decision.rule().replace("\"", "").split(" ")[1])
                                .isEqualTo(verdict.get().rule().split(" ")[1]);
                    }
                }
            }
            return verdict;
        }

        /** Returns whether tracer and policy differ about the packet; empty where the tracer has no such packet. */
        Optional<Boolean> differs(long[] packet, boolean admitted) {
            HookPacket seen = seen(packet);
            String said = saying.of(hook.place(), seen);
            return seen.packet()
                    .flatMap(traced::of)
                    .map(verdict -> admitted
                            ? verdict.passes()
                                    && !List.of("NEXT", "ACCEPT", "MASQUERADE").contains(said)
                            : !verdict.name().equals(said));
        }
    }
}
