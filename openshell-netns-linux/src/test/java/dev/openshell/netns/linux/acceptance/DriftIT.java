package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxListener;
import dev.openshell.netns.linux.kernel.Kernel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Somebody else flushes, reorders and changes a live sandbox's rules on the host. */
@Tag("real-kernel")
@Tag("kernel-only")
class DriftIT {
    private static final Duration NOTICED = Duration.ofSeconds(5);

    /** What a listener hears, as words. */
    private static final class Heard implements SandboxListener {
        private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

        @Override
        public void drifted(NetnsSandbox sandbox, String what) {
            events.add("drifted " + what);
        }

        @Override
        public void sealed(NetnsSandbox sandbox, String reason) {
            events.add("sealed " + reason);
        }

        @Override
        public void closed(NetnsSandbox sandbox) {
            events.add("closed");
        }

        String next() throws InterruptedException {
            String event = events.poll(NOTICED.toMillis(), TimeUnit.MILLISECONDS);
            return event == null ? "nothing" : event;
        }
    }

    private static List<String> changes(String link) {
        return List.of(
                "iptables -F",
                "iptables -t raw -F",
                "iptables -t nat -F",
                "ip6tables -F",
                "iptables -I FORWARD 1 -j ACCEPT",
                "iptables -D FORWARD -j OPENSHELL-FORWARD",
                "iptables -I OPENSHELL-FORWARD 1 -j ACCEPT",
                "iptables -I OPENSHELL-FROM 1 -j ACCEPT",
                "iptables -t raw -I OPENSHELL-SOURCE 1 -j RETURN",
                "iptables -I " + link + "-from 1 -j ACCEPT",
                "iptables -F " + link + "-to");
    }

    /** The same with nft, in this library's own tables. */
    private static List<String> nftChanges(String link) {
        String filter = "ip openshell-filter";
        return List.of(
                "nft flush ruleset",
                "nft flush table ip openshell-raw",
                "nft delete table ip openshell-nat",
                "nft delete table ip6 openshell-filter",
                Nft.insert(filter, "FORWARD", "accept"),
                Nft.insert(filter, "FORWARD", "meta mark 7 accept"),
                Nft.delete(filter, "FORWARD", "jump OPENSHELL-FORWARD"),
                Nft.insert(filter, "OPENSHELL-FORWARD", "accept"),
                Nft.insert(filter, "OPENSHELL-FROM", "accept"),
                "nft add element " + filter + " OPENSHELL-FROM '{ \"eth0\" . 203.0.113.10 }'",
                "nft flush set " + filter + " OPENSHELL-FROM-rate-each-256-512",
                "nft flush set " + filter + " OPENSHELL-TO-flows",
                Nft.insert("ip openshell-raw", "OPENSHELL-SOURCE", "return"),
                "nft flush set ip openshell-raw OPENSHELL-SOURCE",
                "nft add element " + filter + " OPENSHELL-FROM-flows '{ \"" + link
                        + "\" . 203.0.113.5 . 203.0.113.99 . tcp . 443 }'");
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void whatOthersChangeIsMadeWholeAgain(Setting setting) throws Exception {
        try (PodWorld world = setting.open()) {
            PodState pod = world.snapshot();
            Heard heard = new Heard();
            Heard heardBeside = new Heard();
            try (NetnsSandbox sandbox = setting.apply(world);
                    NetnsSandbox beside = setting.apply(world)) {
                sandbox.listen(heard);
                beside.listen(heardBeside);
                String link = sandbox.veth().hostInterface();
                boolean nft = setting.isNft();
                for (String change : nft ? nftChanges(link) : changes(link)) {
                    world.mustInPod(
                            nft ? Nft.shell(change) : tool(setting, change).split(" "));
                    assertThat(heard.next()).as(change).startsWith("drifted ");
                    if (!change.contains(link)) {
                        assertThat(heardBeside.next()).as(change).startsWith("drifted ");
                    }
                    assertThatCode(sandbox::verifyLoaded).as(change).doesNotThrowAnyException();
                    assertThat(others(world, setting))
                            .as(change)
                            .isEqualTo(change.contains("-I FORWARD") ? List.of("-A FORWARD -j ACCEPT") : List.of());
                    if (change.contains("-I FORWARD")) {
                        world.mustInPod(tool(setting, change.replace("-I FORWARD 1", "-D FORWARD"))
                                .split(" "));
                    }
                }
                Probes inside = Setting.probes(world, sandbox);
                world.capture().take();
                assertThat(inside.reached(Probes.PATIENCE, Setting.allowed()))
                        .hasSize(Setting.allowed().size());
                assertThat(world.capture().takeFlows()).isEqualTo(setting.flows());
                assertThat(inside.reached(Probes.PATIENCE, setting.refused(sandbox)))
                        .isEmpty();
                assertThat(world.capture().take()).isEmpty();
                assertThatCode(beside::verifyLoaded).doesNotThrowAnyException();
            }
            assertThat(world.settled(pod).lines()).containsExactlyElementsOf(pod.lines());
            assertThat(heard.events).noneMatch(event -> event.startsWith("sealed"));
        }
    }

    /** Rules of others in the chains that this library jumps from. */
    private static List<String> others(PodWorld world, Setting setting) {
        return world.mustInPod(setting.tool(), "-S", "FORWARD")
                .lines()
                .filter(line -> line.startsWith("-A") && !line.contains("OPENSHELL"))
                .toList();
    }

    private static String tool(Setting setting, String change) {
        String variant = setting.tool().substring("iptables".length());
        return change.replaceFirst("tables", "tables" + variant);
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void aCommentInAnyEncodingIsNoDrift(Setting setting) throws Exception {
        try (PodWorld world = setting.open()) {
            Heard heard = new Heard();
            // The tables that are beside those of the backend nftables do not begin with that rule.
            world.mustInPod(setting.tool(), "-A", "INPUT", "-p", "254", "-j", "DROP");
            try (NetnsSandbox sandbox = setting.apply(world)) {
                sandbox.listen(heard);
                String add = setting.tool() + " -A INPUT -p 253 -m comment --comment \"$(printf 'caf\\351')\" -j DROP";
                world.mustInPod("sh", "-c", add);
                Probes inside = Setting.probes(world, sandbox);
                assertThat(heard.events.poll(3, TimeUnit.SECONDS)).isNull();
                assertThat(inside.reached(Probes.PATIENCE, Setting.allowed()))
                        .hasSize(Setting.allowed().size());
                setting.apply(world).close();
            }
            assertThat(heard.next()).isEqualTo("closed");
        }
    }

    /** What is wrong with the watch itself does not end it. */
    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void aWatchThatFailsGoesOn(Setting setting) throws Exception {
        AtomicInteger failed = new AtomicInteger();
        try (PodWorld world = setting.open()) {
            Heard heard = new Heard();
            try (NetnsSandbox sandbox =
                    Unwatched.apply(setting.mainCase(world).policy(), real -> new Failing(real, failed))) {
                sandbox.listen(heard);
                while (failed.get() < 2) {
                    Thread.sleep(10);
                }
                if (setting.isNft()) {
                    world.mustInPod("nft", "flush", "ruleset");
                } else {
                    world.mustInPod(setting.tool(), "-F");
                }
                assertThat(heard.next()).startsWith("drifted ");
                assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
            }
        }
    }

    /** A watch that fails twice before it works. */
    private record Failing(Kernel.RuleWatch real, AtomicInteger failed) implements Kernel.RuleWatch {
        @Override
        public boolean await(Duration limit) {
            if (failed.incrementAndGet() <= 2) {
                throw new OutOfMemoryError("for the test");
            }
            return real.await(limit);
        }

        @Override
        public void wake() {
            real.wake();
        }

        @Override
        public void close() {
            real.close();
        }
    }

    /** Rules that can't be read any more are as good as gone. */
    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void whatCannotBeMadeWholeIsSealed(Setting setting) throws Exception {
        try (PodWorld world = setting.open()) {
            Heard heard = new Heard();
            try (NetnsSandbox sandbox = setting.apply(world)) {
                sandbox.listen(heard);
                Probes inside = Setting.probes(world, sandbox);
                assertThat(inside.reached(Probes.PATIENCE, Setting.allowed())).isNotEmpty();
                String link = sandbox.veth().hostInterface();
                obstruct(world, setting, link);
                assertThat(heard.next())
                        .startsWith("sealed ")
                        .contains(setting.tool().contains("legacy") ? "is no rule" : "is dormant");
                assertThat(world.mustInPod("ip", "-o", "link", "show", link)).contains("state DOWN");
                world.capture().take();
                assertThat(inside.reached(Probes.PATIENCE, Setting.allowed())).isEmpty();
                assertThat(world.capture().take()).isEmpty();
                clear(world, setting);
            }
            assertThat(heard.next()).isEqualTo("closed");
        }
    }

    private static void obstruct(PodWorld world, Setting setting, String link) {
        if (setting.tool().contains("legacy")) {
            // An interface name with a line break in a rule: what is printed is no rule.
            world.mustInPod("iptables-legacy", "-I", "FORWARD", "-i", "a\nb", "-j", "DROP");
        } else {
            world.mustInPod("nft", "add", "table", "ip", filter(setting), "{ flags dormant; }");
        }
    }

    private static void clear(PodWorld world, Setting setting) {
        if (setting.tool().contains("legacy")) {
            world.mustInPod("iptables-legacy", "-D", "FORWARD", "1");
        } else {
            world.mustInPod("nft", "add", "table", "ip", filter(setting));
        }
    }

    private static String filter(Setting setting) {
        return setting.isNft() ? "openshell-filter" : "filter";
    }
}
