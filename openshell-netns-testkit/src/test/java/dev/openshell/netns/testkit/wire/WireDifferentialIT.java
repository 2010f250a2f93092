package dev.openshell.netns.testkit.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.testkit.packet.Ct;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.path.Journey;
import dev.openshell.netns.testkit.ruleset.RuleProblem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random rulesets and packets aimed at their edges: what becomes of each on Linux is what the tracer says. The system
 * property {@code wire.comparisons} says how many are compared for each variant of iptables, {@code wire.seed} with
 * which rulesets to begin.
 */
@Tag("real-kernel")
@Tag("differential")
class WireDifferentialIT {
    private static final int COMPARISONS = Integer.getInteger("wire.comparisons", 6_000);
    private static final long SEED = Long.getLong("wire.seed", 1);
    private static final int LANES = 3;
    private static final int ENOUGH = 5;
    private static final int ROUNDS = 3;
    /** Of every so manieth ruleset the counters are compared. */
    private static final int COUNTED = 4;

    private static final int MOST_ANSWERS = 60;

    private final AtomicInteger compared = new AtomicInteger();
    private final AtomicInteger counted = new AtomicInteger();
    private final AtomicInteger drawn = new AtomicInteger();
    private final AtomicInteger unknown = new AtomicInteger();
    private final AtomicInteger next = new AtomicInteger();
    private final List<String> disagreements = java.util.Collections.synchronizedList(new ArrayList<>());

    @ParameterizedTest
    @EnumSource(names = {"NFT", "LEGACY"})
    void theTracerAgreesWithLinux(IptablesVariant variant) throws Exception {
        ExecutorService lanes = Executors.newFixedThreadPool(LANES);
        try {
            List<Future<Boolean>> ends = new ArrayList<>();
            for (int i = 0; i < LANES; i++) {
                ends.add(lanes.submit((Callable<Boolean>) () -> lane(variant)));
            }
            for (Future<Boolean> end : ends) {
                end.get();
            }
        } finally {
            lanes.shutdownNow();
        }
        assertThat(disagreements).isEmpty();
        assertThat(compared.get()).isGreaterThanOrEqualTo(COMPARISONS);
        assertThat(counted.get()).as("rulesets whose counters were compared").isPositive();
        assertThat(drawn.get())
                .as("rulesets that a port taken at random cut short")
                .isLessThan(next.get() / 3);
        assertThat(unknown.get())
                .as("rulesets that the tracer says it does not know")
                .isLessThan(next.get() / 20);
    }

    private boolean lane(IptablesVariant variant) {
        try (Outside outside = Outside.open()) {
            while (compared.get() < COMPARISONS && disagreements.size() < ENOUGH) {
                int number = next.getAndIncrement();
                ruleset(outside, variant, SEED + number, number);
            }
        }
        return true;
    }

    private void ruleset(Outside outside, IptablesVariant variant, long seed, int number) {
        boolean reversePathFilter = number % 4 == 3;
        RandomRulesets.Generated generated =
                RandomRulesets.next(new Random(seed), Family.values()[number % Family.values().length]);
        try (RealWorld world = RealWorld.open(outside, variant, reversePathFilter)) {
            world.load(generated.family(), generated.rules());
            Optional<FakeWires> made = fake(variant, reversePathFilter, generated);
            if (made.isEmpty()) {
                unknown.incrementAndGet();
                return;
            }
            FakeWires fake = made.get();
            List<Sending> packets = generated.packets();
            for (int round = 0; round < ROUNDS && !packets.isEmpty(); round++) {
                List<Observation> seen = world.send(packets);
                if (!agree(variant, seed, number, generated, packets, seen, fake)) {
                    return;
                }
                packets = answers(packets, seen);
            }
            if (number % COUNTED == 0) {
                counters(world, fake, generated, variant, seed);
            }
        }
    }

    /** Each rule matched as many packets as the tracer says. IPv6 makes packets of its own, which count as well. */
    private void counters(
            RealWorld world, FakeWires fake, RandomRulesets.Generated generated, IptablesVariant variant, long seed) {
        List<String> expected = fake.counted(generated.family(), variant);
        List<String> real = world.counted(generated.family());
        if (!expected.equals(real)) {
            List<String> fakes = new ArrayList<>(expected);
            fakes.removeAll(real);
            List<String> linux = new ArrayList<>(real);
            linux.removeAll(expected);
            disagreements.add(
                    "\n" + variant + " seed " + seed + ": counted by the fake " + fakes + "\nby Linux " + linux);
        }
        counted.incrementAndGet();
    }

    private boolean agree(
            IptablesVariant variant,
            long seed,
            int number,
            RandomRulesets.Generated generated,
            List<Sending> packets,
            List<Observation> seen,
            FakeWires fake) {
        for (int i = 0; i < seen.size(); i++) {
            Journey journey = fake.journey(packets.get(i));
            List<String> expected = WireCases.texts(FakeWires.sights(journey));
            List<String> real = WireCases.texts(seen.get(i).sights());
            compared.incrementAndGet();
            if (expected.equals(real)) {
                continue;
            }
            boolean portsAlone = withoutPorts(FakeWires.sights(journey))
                    .equals(withoutPorts(seen.get(i).sights()));
            if (portsAlone && drawn(journey)) {
                // Linux took a port at random: what follows need not be the same.
                drawn.incrementAndGet();
            } else {
                disagreements.add(describe(
                        variant, seed, number, generated.rules(), packets, i, expected, real, journey.steps()));
            }
            return false;
        }
        return true;
    }

    private static boolean drawn(Journey journey) {
        Ct own = journey.skb().ct;
        return own != null && own.drawn
                || journey.answer().map(WireDifferentialIT::drawn).orElse(false);
    }

    /** To each packet that came out on a wire what its receiver could send: an answer, an error; and the packet again. */
    private static List<Sending> answers(List<Sending> packets, List<Observation> seen) {
        List<Sending> answers = new ArrayList<>();
        for (int i = 0; i < seen.size() && answers.size() < MOST_ANSWERS; i++) {
            Optional<Sight.Arrived> arrived =
                    seen.get(i).arrived().filter(sight -> !sight.where().equals("local"));
            if (arrived.isPresent()) {
                Header out = arrived.get().header();
                Way back = arrived.get().where().equals("west") ? Way.WEST : Way.EAST;
                answers.add(new Sending(back, answer(out)));
                answers.add(packets.get(i));
                if (out.quoted() == null) {
                    boolean v4 = out.family() == Family.IPV4;
                    answers.add(new Sending(
                            back, Header.icmp(out.destination(), out.source(), v4 ? 3 : 1, v4 ? 1 : 3, 0, out)));
                }
            }
        }
        return answers;
    }

    private static Header answer(Header header) {
        boolean v4 = header.family() == Family.IPV4;
        if (header.isIcmp()) {
            int type = header.icmpType() == (v4 ? 8 : 128) ? (v4 ? 0 : 129) : header.icmpType();
            return Header.icmp(
                    header.destination(), header.source(), type, header.icmpCode(), header.icmpId(), header.quoted());
        }
        Header swapped =
                header.withEnds(header.destination(), header.destinationPort(), header.source(), header.sourcePort());
        boolean first = header.tcpFlags() == Header.SYN;
        return header.protocol() == Header.TCP
                ? swapped.withTcpFlags(first ? Header.SYN | Header.ACK : Header.ACK)
                : swapped;
    }

    private static Optional<FakeWires> fake(
            IptablesVariant variant, boolean reversePathFilter, RandomRulesets.Generated generated) {
        try {
            return Optional.of(new FakeWires(variant, reversePathFilter, generated.family(), generated.rules()));
        } catch (RuleProblem e) {
            if (e.refused()) {
                throw e;
            }
            return Optional.empty();
        }
    }

    private static String describe(
            IptablesVariant variant,
            long seed,
            int number,
            String rules,
            List<Sending> packets,
            int packet,
            List<String> expected,
            List<String> real,
            Object steps) {
        StringBuilder text =
                new StringBuilder("\n" + variant + " seed " + seed + " number " + number + " packet " + packet + "\n");
        text.append(rules);
        int from = Math.max(0, packet - 8);
        for (int i = from; i <= packet; i++) {
            Sending sending = packets.get(i);
            text.append(i)
                    .append(' ')
                    .append(sending.way())
                    .append(" user ")
                    .append(sending.user())
                    .append(' ')
                    .append(Observation.text(sending.header()))
                    .append('\n');
        }
        return text.append("fake  ")
                .append(expected)
                .append("\nlinux ")
                .append(real)
                .append("\nsteps ")
                .append(steps)
                .append('\n')
                .toString();
    }

    private static List<String> withoutPorts(List<Sight> sights) {
        return sights.stream()
                .map(sight -> sight.getClass().getSimpleName() + " " + sight.where() + " "
                        + Observation.text(withoutPorts(sight.header())))
                .sorted()
                .toList();
    }

    private static Header withoutPorts(Header header) {
        Header bare =
                header.withEnds(header.source(), 0, header.destination(), 0).withIcmpId(0);
        return bare.quoted() == null ? bare : bare.withQuoted(withoutPorts(bare.quoted()));
    }
}
