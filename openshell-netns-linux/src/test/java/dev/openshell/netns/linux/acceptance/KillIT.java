package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * JVMs that make, use and close sandboxes are killed, and the next process takes away what is left. {@code
 * -Dkill.rounds=N} says how often, {@code -Dkill.seed=N} when.
 */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class KillIT {
    private static final System.Logger LOG = System.getLogger(KillIT.class.getName());
    private static final int ROUNDS = Integer.getInteger("kill.rounds", 12);
    private static final long SEED = Long.getLong("kill.seed", new SecureRandom().nextLong());
    private static final long LONGEST_LIFE = 700;
    private static final long WATCHDOG = TimeUnit.SECONDS.toNanos(10);
    private static final Duration GOING = Duration.ofSeconds(10);
    private static final Set<String> ALLOWED =
            Set.of("6 198.51.100.2 > 203.0.113.10 443 by uplink", "6 2001:db8:1::2 > 2001:db8:2::10 443 by uplink");
    private static final List<String> MOMENTS = List.of("any", "restore", "any", "publish", "any", "close");

    /** How it went, all rounds together. */
    private static final class Tally {
        private final Map<String, Integer> phases = new TreeMap<>();
        private int links;
        private int rules;
        private int names;
        private int processes;
        private long packets;
        private long longest;

        void before(String phase, KillGround.Left left, long inside) {
            phases.merge(phase, 1, Integer::sum);
            links += left.links();
            rules += left.rules();
            names += left.names();
            processes += (int) inside;
        }

        @Override
        public String toString() {
            return "left before: " + links + " links, " + rules + " rules, " + names + " names, " + processes
                    + " processes alive; " + packets + " packets got out, as allowed; watchdog " + longest
                    + " ms at most; killed in " + phases;
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void nothingIsLeftAndNothingGotOut(Setting setting) throws Exception {
        Random random = new Random(SEED);
        Tally tally = new Tally();
        try (PodWorld world = setting.open();
                KillGround ground = new KillGround(setting, world)) {
            PodState before = world.snapshot();
            KillGround.Owner sweeper = KillGround.ready(ground.owner());
            // The first sweep makes tables of iptables' that stay.
            assertThat(sweeper.ask("apply")).isEqualTo("applied");
            assertNothingLeft(ground, setting + " before all");
            world.capture().take();
            KillGround.Owner next = ground.owner();
            for (int round = 0; round < ROUNDS; round++) {
                KillGround.Owner owner = KillGround.ready(next);
                next = ground.owner();
                String what = setting + " round " + round + " of seed " + SEED;
                String moment = MOMENTS.get(round % MOMENTS.size());
                assertThat(owner.ask(random.nextLong() + " " + moment)).as(what).isEqualTo("begun");
                Thread.sleep(random.nextLong(LONGEST_LIFE));
                owner.kill(!moment.equals("any"));
                String phase = ground.phase();
                what += ", killed in " + phase + ", said " + owner.said();
                tally.before(phase, round % 2 == 0 ? ground.left() : KillGround.Left.NOTHING, ground.processes());
                if (round % 4 < 2) {
                    awaitEnd(ground, what, tally);
                }
                String answer = sweeper.ask(round % 4 == 1 || round % 4 == 2 ? "apply" : "sweep");
                assertThat(answer).as(what).matches("applied|swept .*");
                assertNothingLeft(ground, what + ", then " + answer);
                assertThat(world.settled(before).lines()).as(what).containsExactlyElementsOf(before.lines());
                List<CapturedPacket> packets = world.capture().take();
                assertThat(packets).as(what).extracting(CapturedPacket::flow).isSubsetOf(ALLOWED);
                tally.packets += packets.size();
            }
            assertThat(tally.packets).isPositive();
        } finally {
            LOG.log(System.Logger.Level.INFO, "{0}, {1} kills of seed {2}: {3}", setting, ROUNDS, SEED, tally);
        }
    }

    /** What a dead JVM has begun to load takes effect before anybody else reads the rules, not after. */
    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plainIptables")
    void whatItWasLoadingIsWaitedFor(Setting setting) throws Exception {
        try (PodWorld world = setting.open();
                KillGround ground = new KillGround(setting, world)) {
            PodState before = world.snapshot();
            KillGround.Owner other = KillGround.ready(ground.owner());
            KillGround.Owner owner = KillGround.ready(ground.slow());
            assertThat(owner.ask("1 closing")).isEqualTo("begun");
            owner.kill(true);
            assertThat(ground.phase()).startsWith("close ");
            assertThat(ground.left().rules()).isPositive();
            assertThat(other.ask("hold")).isEqualTo("held []");
            assertNothingLeft(ground, setting.toString());
            assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
        }
    }

    /** Nobody has swept yet: the watchdog ends them. */
    private static void awaitEnd(KillGround ground, String what, Tally tally) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (ground.processes() > 0) {
            assertThat(System.nanoTime() - start).as(what).isLessThan(WATCHDOG);
            Thread.sleep(2);
        }
        tally.longest = Math.max(tally.longest, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
    }

    /** The kernel takes a link away some time after the last process in its namespace. */
    private static void assertNothingLeft(KillGround ground, String what) throws IOException, InterruptedException {
        assertThat(ground.processes()).as(what).isZero();
        KillGround.Left left = ground.left();
        assertThat(left.rules()).as(what).isZero();
        assertThat(left.names()).as(what).isZero();
        assertThat(left.mounts()).as(what).isZero();
        long end = System.nanoTime() + GOING.toNanos();
        while (left.links() + left.namespaces() > 0 && System.nanoTime() < end) {
            Thread.sleep(10);
            left = ground.left();
        }
        assertThat(left).as(what).isEqualTo(KillGround.Left.NOTHING);
    }
}
