package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sandboxes that nobody may sweep: detached ones with somebody inside, and those whose owner can't be seen. */
@Tag("real-kernel")
@Tag("kernel-only")
class SurvivorIT {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String REACHED = "203.0.113.10 443";
    private static final String FLOW = "6 198.51.100.2 > 203.0.113.10 443 by uplink";

    /** A condition that comes true some time. */
    private interface Condition {
        boolean holds() throws IOException;
    }

    private static void await(Condition condition, String what) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.sleep(10);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void whatIsDetachedLivesOnAsItWas(Setting setting) throws Exception {
        try (PodWorld world = setting.open();
                KillGround ground = new KillGround(setting, world);
                Cleanup cleanup = new Cleanup()) {
            PodState before = world.snapshot();
            assertThat(Probes.at(world, world::feedInPod)
                            .one("tcp 203.0.113.66 443")
                            .ok())
                    .isTrue();
            KillGround.Owner other = KillGround.ready(ground.owner());
            for (String how : List.of("detach", "detach-named")) {
                Path file = Files.createTempFile("osh-detached-", ".reached");
                cleanup.later(() -> Files.delete(file));
                cleanup.later(ground::endProcesses);
                KillGround.Owner owner = KillGround.ready(ground.owner());
                String detached = owner.ask(how + " " + file);
                assertThat(detached).startsWith("detached osh-");
                String link = detached.substring("detached ".length());
                await(() -> !reached(file).isEmpty(), how);
                owner.kill(false);

                for (String next : List.of("sweep", "apply", "sweep")) {
                    String answer = other.ask(next);
                    assertThat(answer).as(how).matches("applied|swept \\[]");
                    world.capture().take();
                    Files.write(file, new byte[0]);
                    await(() -> reached(file).size() > 2, how + " " + next);
                    assertThat(new TreeSet<>(reached(file))).as(how).isEqualTo(Set.of(REACHED));
                    assertThat(world.capture().takeFlows()).as(how).isEqualTo(Set.of(FLOW));
                    assertThat(ground.processes()).as(how).isEqualTo(1);
                }

                ground.endProcesses();
                await(() -> ground.processes() == 0, how);
                if (how.equals("detach")) {
                    await(() -> ground.left().links() == 0, "the link goes by itself");
                } else {
                    assertThat(ground.left().links()).isEqualTo(1);
                }
                // A child of it may live a moment longer.
                await(() -> other.ask("sweep").contains(link), "swept");
                await(() -> ground.left().equals(KillGround.Left.NOTHING), how);
                assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void anOwnerOfAnotherPidNamespaceIsLeftAlone(Setting setting) throws Exception {
        try (PodWorld world = setting.open();
                KillGround ground = new KillGround(setting, world)) {
            PodState before = world.snapshot();
            KillGround.Owner other = KillGround.ready(ground.owner());
            KillGround.Owner apart = KillGround.ready(ground.apart());
            apart.say("hold");
            await(() -> ground.left().links() == 1, "made");
            for (int i = 0; i < 3; i++) {
                assertThat(other.ask("sweep")).isEqualTo("swept []");
                assertThat(other.ask("apply")).isEqualTo("applied");
            }
            assertThat(apart.hear()).isEqualTo("held []");
            apart.say("hold");
            await(ground::isAllowing, "made again");
            apart.kill(false);
            await(() -> ground.left().links() == 0, "its link goes by itself");
            assertThat(ground.left().rules()).isPositive();
            assertThat(other.ask("sweep")).contains("rules osh-");
            await(() -> ground.left().equals(KillGround.Left.NOTHING), "swept");
            assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
        }
    }

    private static List<String> reached(Path file) throws IOException {
        return Files.readAllLines(file);
    }
}
