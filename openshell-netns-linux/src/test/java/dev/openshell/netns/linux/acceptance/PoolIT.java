package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.NetnsPool;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.LinuxProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Namespaces that a pool keeps ready, and the sandboxes that they become. */
@Tag("real-kernel")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class PoolIT {
    private static NetnsPool pool(Setting setting, PodWorld world, int size) {
        return NetnsPool.of(new LinuxProvider(), setting.builder(world).policy(), size);
    }

    private static void await(NetnsPool pool, Predicate<NetnsPool.Metrics> wanted) throws InterruptedException {
        while (!wanted.test(pool.metrics())) {
            assertThat(pool.metrics().lastFailure()).isEmpty();
            Thread.sleep(5);
        }
    }

    private static void awaitReady(NetnsPool pool, int ready) throws InterruptedException {
        await(pool, metrics -> metrics.ready() == ready);
    }

    /** Returns the host ends of all links that are up in the pod. */
    private static List<String> links(PodWorld world) {
        return world.mustInPod("ip", "-o", "link", "show", "up")
                .lines()
                .map(line -> line.split(": ", 3)[1].split("@", 2)[0])
                .filter(name -> name.startsWith("osh-"))
                .toList();
    }

    /** Returns the namespace behind the one link that is up in the pod, as this process holds it. */
    private static Path ready(PodWorld world) throws Exception {
        String own = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
        String link = links(world).get(0);
        String pod = Shell.must("stat", "-L", "-c", "net:[%i]", world.podPath().toString())
                .trim();
        String mark =
                world.mustInPod("cat", "/sys/class/net/" + link + "/ifalias").trim();
        String inode = mark.replaceFirst(".* net:(\\d+)$", "net:[$1]");
        assertThat(inode).startsWith("net:[").isNotIn(own, pod);
        try (Stream<Path> held = Files.list(Path.of("/proc/self/fd"))) {
            return held.filter(fd -> target(fd).equals(inode))
                    .map(fd -> Path.of("/proc/" + ProcessHandle.current().pid() + "/fd/" + fd.getFileName()))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static String target(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString();
        } catch (java.io.IOException e) {
            return "";
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void thePolicyHoldsInOneThatIsTakenAndNothingPassesBefore(Setting setting) throws Exception {
        try (PodWorld world = setting.open()) {
            PodState pod = world.settled(world.snapshot());
            try (NetnsPool pool = pool(setting, world, 1)) {
                awaitReady(pool, 1);
                String link = links(world).get(0);
                String end = world.mustInPod("ip", "-4", "-o", "addr", "show", "dev", link)
                        .replaceFirst("(?s).* inet ([0-9.]+)/.*", "$1");
                Probes inside = Setting.privileged(world, ready(world));
                List<String> probes = new ArrayList<>(Setting.allowed());
                probes.removeIf(probe -> probe.startsWith("getaddrinfo"));
                probes.addAll(List.of(
                        "tcp " + end + " " + PodWorld.PROXY_PORT,
                        "tcp " + end + " 80",
                        "udp " + end + " 53",
                        "ping " + end));
                try (Listeners proxy = world.listenInPod("tcp", end, PodWorld.PROXY_PORT)) {
                    world.capture().take();
                    assertThat(inside.reached(Probes.PATIENCE, probes)).isEmpty();
                    assertThat(world.capture().take()).isEmpty();
                    assertThat(proxy.take()).isEmpty();
                }
                try (NetnsSandbox sandbox = pool.apply(setting.mainCase(world));
                        Listeners proxy = world.listenInPod("tcp", Setting.host(sandbox), PodWorld.PROXY_PORT)) {
                    assertThat(sandbox.veth().hostInterface()).isEqualTo(link);
                    assertThat(Setting.host(sandbox)).isEqualTo(end);
                    assertThat(pool.metrics().taken()).isEqualTo(1);
                    assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
                    Probes taken = Setting.probes(world, sandbox);
                    world.capture().take();
                    Map<String, Probes.Outcome> outcomes = taken.all(Setting.allowed());
                    assertThat(outcomes.values())
                            .filteredOn(outcome -> !outcome.ok())
                            .isEmpty();
                    assertThat(world.capture().takeFlows()).isEqualTo(new TreeSet<>(setting.flows()));
                    String own = "tcp " + end + " " + PodWorld.PROXY_PORT;
                    assertThat(taken.reached(Probes.PATIENCE, List.of(own))).hasSize(1);
                    assertThat(proxy.take()).hasSize(1);
                    List<String> refused = setting.refused(sandbox);
                    refused.remove(own);
                    assertThat(taken.reached(Probes.PATIENCE, refused)).isEmpty();
                    assertThat(world.capture().take()).isEmpty();
                }
            }
            assertThat(world.settled(pod).lines()).containsExactlyElementsOf(pod.lines());
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void itIsRefilledAndDrained(Setting setting) throws Exception {
        try (PodWorld world = setting.open()) {
            PodState pod = world.settled(world.snapshot());
            // What the first sandbox of a JVM brings is there.
            try (NetnsPool first = pool(setting, world, 1);
                    NetnsSandbox sandbox = first.apply(setting.mainCase(world))) {
                Setting.probes(world, sandbox).reached(Probes.PATIENCE, Setting.allowed());
            }
            JvmState jvm = JvmState.now();
            NetnsPool pool = pool(setting, world, 3);
            awaitReady(pool, 3);
            assertThat(links(world)).hasSize(3);
            NetnsSandbox sandbox = pool.apply(setting.mainCase(world));
            await(pool, metrics -> metrics.made() == 4);
            assertThat(links(world)).hasSize(4);
            pool.close();
            assertThat(links(world)).containsExactly(sandbox.veth().hostInterface());
            assertThat(Setting.probes(world, sandbox).reached(Probes.PATIENCE, Setting.allowed()))
                    .hasSize(Setting.allowed().size());
            sandbox.verifyLoaded();
            sandbox.close();
            assertThatThrownBy(() -> pool.apply(setting.mainCase(world))).isInstanceOf(IllegalStateException.class);
            assertThat(world.settled(pod).lines()).containsExactlyElementsOf(pod.lines());
            JvmState after = JvmState.now();
            assertThat(after.threads()).isSubsetOf(jvm.threads());
            assertThat(after.descriptors()).isEqualTo(jvm.descriptors());
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void oneThatIsNotAsItWasMadeIsNotGivenOut(Setting setting) throws Exception {
        String variant = setting.tool().substring("iptables".length());
        List<String> changes = List.of(
                "iptables" + variant + " -F",
                "ip6tables" + variant + " -F OPENSHELL-OUTPUT",
                "iptables" + variant + " -t raw -I OPENSHELL-SOURCE 1 -i LINK -j RETURN",
                "ip link set LINK down",
                "ip link set LINK alias mine",
                "ip link del LINK");
        try (PodWorld world = setting.open()) {
            PodState pod = world.settled(world.snapshot());
            for (String change : changes) {
                try (NetnsPool pool = pool(setting, world, 1)) {
                    awaitReady(pool, 1);
                    String link = links(world).get(0);
                    world.mustInPod(change.replace("LINK", link).split(" "));
                    try (NetnsSandbox sandbox = pool.apply(setting.mainCase(world))) {
                        assertThat(sandbox.veth().hostInterface()).as(change).isNotEqualTo(link);
                        assertThat(pool.metrics().discarded()).as(change).isEqualTo(1);
                        assertThat(pool.metrics().misses()).as(change).isEqualTo(1);
                        assertThatCode(sandbox::verifyLoaded).as(change).doesNotThrowAnyException();
                    }
                }
                assertThat(world.settled(pod).lines()).as(change).containsExactlyElementsOf(pod.lines());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void theHostEndAloneDropsWhatRootInsideLetsOut(Setting setting) throws Exception {
        try (PodWorld world = setting.open();
                NetnsPool pool = pool(setting, world, 1)) {
            awaitReady(pool, 1);
            String link = links(world).get(0);
            for (String tool : List.of("iptables", "ip6tables")) {
                String own = tool + setting.tool().substring("iptables".length());
                for (String change : List.of("-F", "-P OUTPUT ACCEPT", "-P INPUT ACCEPT")) {
                    Shell.must(Setting.nsenter(ready(world), (own + " " + change).split(" ")));
                }
            }
            List<String> probes = new ArrayList<>(Setting.allowed());
            probes.removeIf(probe -> probe.startsWith("getaddrinfo"));
            world.capture().take();
            assertThat(Setting.privileged(world, ready(world)).reached(Probes.PATIENCE, probes))
                    .isEmpty();
            assertThat(world.capture().take()).isEmpty();
            try (NetnsSandbox sandbox = pool.apply(setting.mainCase(world))) {
                assertThat(sandbox.veth().hostInterface()).isNotEqualTo(link);
                assertThat(pool.metrics().discarded()).isEqualTo(1);
                assertThat(Setting.probes(world, sandbox).reached(Probes.PATIENCE, probes))
                        .hasSize(probes.size());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void twoTakeAtOnce(Setting setting) throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(2);
        try (PodWorld world = setting.open()) {
            PodState pod = world.settled(world.snapshot());
            List<NetnsSandbox> sandboxes = new ArrayList<>();
            try (NetnsPool pool = pool(setting, world, 2)) {
                awaitReady(pool, 2);
                SandboxPolicy policy = setting.mainCase(world).policy();
                List<Future<NetnsSandbox>> made = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    made.add(callers.submit((Callable<NetnsSandbox>) () -> pool.apply(policy)));
                }
                for (Future<NetnsSandbox> each : made) {
                    sandboxes.add(each.get());
                }
                assertThat(sandboxes.stream().map(each -> each.veth().hostInterface()))
                        .doesNotHaveDuplicates();
                assertThat(pool.metrics().taken()).isGreaterThanOrEqualTo(2);
                for (NetnsSandbox sandbox : sandboxes) {
                    assertThatCode(sandbox::verifyLoaded).doesNotThrowAnyException();
                    assertThat(Setting.probes(world, sandbox).reached(Probes.PATIENCE, Setting.allowed()))
                            .hasSize(Setting.allowed().size());
                }
            } finally {
                sandboxes.forEach(NetnsSandbox::close);
            }
            assertThat(world.settled(pod).lines()).containsExactlyElementsOf(pod.lines());
        } finally {
            callers.shutdown();
        }
    }
}
