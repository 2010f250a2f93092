package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * JVMs make and close sandboxes in one pod while other programs change the pod's rules. The system properties {@code
 * contention.jvms}, {@code contention.threads} and {@code contention.seconds} say how many and how long.
 */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ContentionIT {
    private static final int JVMS = Integer.getInteger("contention.jvms", 2);
    private static final int THREADS = Integer.getInteger("contention.threads", 6);
    private static final int SECONDS = Integer.getInteger("contention.seconds", 8);

    /** Rules of somebody who loads them once. */
    private static final String STATIC =
            """
            *filter
            :STATIC - [0:0]
            -A FORWARD -j STATIC
            -A STATIC -p udp -m udp --dport 123 -j DROP
            COMMIT
            """;

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void besideProgramsThatKeepToTheirOwn(Setting setting) throws Exception {
        try (PodWorld world = setting.open();
                Crowd crowd = new Crowd(world)) {
            world.feedInPod(STATIC, setting.tool() + "-restore", "--noflush");
            PodState before = world.snapshot();
            Crowd.Program own = crowd.add("own", setting.tool() + "-restore", setting.tool() + "-save");
            Crowd.Program lock = crowd.add("lock");
            world.capture().take();
            Map<String, Long> done = crowd.owners(setting, JVMS, THREADS, SECONDS);
            Crowd.Rounds changed = own.end();
            assertThat(lock.end().errors()).isZero();

            System.Logger log = System.getLogger(ContentionIT.class.getName());
            log.log(System.Logger.Level.INFO, "{0}: {1}, neighbour {2}", setting, done, changed);
            assertThat(failures(done)).isEmpty();
            assertThat(done.get("cycles")).isGreaterThan(JVMS * THREADS);
            assertThat(done.get("process")).isPositive();
            assertThat(done.get("listed reached")).isPositive();
            assertThat(done).doesNotContainKeys("listed refused", "unlisted reached");
            assertThat(done.keySet()).noneMatch(what -> what.startsWith("drifted"));
            assertThat(changed.rounds()).isGreaterThan(10);
            assertThat(changed.lost()).isZero();
            assertThat(changed.errors()).as(changed.first()).isZero();
            assertThat(world.capture().takeFlows()).isEqualTo(Set.of("6 198.51.100.2 > 203.0.113.10 443 by uplink"));
            world.mustInPod("sh", "-c", forget(setting.tool()));
            assertUnchanged(world, before);
        }
    }

    private static String forget(String tool) {
        String jumps = "for hook in FORWARD INPUT; do TOOL -w -D $hook -j NEIGHBOUR; done; ";
        return (jumps + "TOOL -w -F NEIGHBOUR; TOOL -w -X NEIGHBOUR").replace("TOOL", tool);
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void besideProgramsThatReplaceAll(Setting setting) throws Exception {
        try (PodWorld world = setting.open();
                Crowd crowd = new Crowd(world)) {
            world.feedInPod(STATIC, setting.tool() + "-restore", "--noflush");
            PodState before = world.snapshot();
            String six = setting.tool().replaceFirst("ip", "ip6");
            crowd.add(
                    "resave",
                    setting.tool() + "-save," + six + "-save",
                    setting.tool() + "-restore," + six + "-restore");
            crowd.add("reload", setting.tool() + "-restore", crowd.file(STATIC + "*nat\nCOMMIT\n*raw\nCOMMIT\n"));
            crowd.add("lock");
            world.capture().take();
            Map<String, Long> done = crowd.owners(setting, JVMS, THREADS, SECONDS);
            List<Crowd.Rounds> ended = crowd.end();

            System.Logger log = System.getLogger(ContentionIT.class.getName());
            log.log(System.Logger.Level.INFO, "{0}: {1}, others {2}", setting, done, ended);
            assertThat(failures(done)).isEmpty();
            assertThat(done.get("cycles")).isGreaterThan(JVMS * THREADS);
            assertThat(done.get("listed reached")).isPositive();
            assertThat(done).doesNotContainKey("unlisted reached");
            ended.forEach(rounds -> assertThat(rounds.rounds()).isGreaterThan(5));
            // Between somebody's taking the rules away and their being loaded again nothing is masqueraded.
            assertThat(destinations(world.capture().takeFlows())).containsExactly("6 203.0.113.10 443");
            sweep(setting, world);
            assertUnchanged(world, before);
        }
    }

    private static void assertUnchanged(PodWorld world, PodState before) {
        PodState after = world.settled(before);
        List<String> more = new ArrayList<>(after.lines());
        before.lines().forEach(more::remove);
        assertThat(more).isEmpty();
        assertThat(after.lines()).containsExactlyElementsOf(before.lines());
    }

    /**
     * Returns what the flows from inside have for protocol, destination and port. An answer to one that was not
     * masqueraded is nothing from inside: without its guards the pod sends it back to where it came from.
     */
    private static Set<String> destinations(Set<String> flows) {
        return flows.stream()
                .filter(flow -> !flow.matches("6 203\\.0\\.113\\.10 > 10\\.200\\..* by uplink"))
                .map(flow -> flow.replaceFirst("^(\\d+) (?:198[.]51[.]100[.]2|10[.]200[.]\\S+) > ", "$1 "))
                .map(flow -> flow.replaceFirst(" by uplink$", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whole tables that were saved earlier bring dead sandboxes' rules back; the next sandbox sweeps. */
    private static void sweep(Setting setting, PodWorld world) {
        setting.builder(world).apply().close();
    }

    private static List<String> failures(Map<String, Long> done) {
        return done.entrySet().stream()
                .filter(each ->
                        each.getKey().startsWith("failure") || each.getKey().startsWith("sealed"))
                .map(each -> each.getValue() + " " + each.getKey())
                .toList();
    }
}
