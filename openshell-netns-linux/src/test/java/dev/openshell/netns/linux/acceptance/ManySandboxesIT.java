package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsSandbox;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Many sandboxes in one pod at once. */
@Tag("real-kernel")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ManySandboxesIT {
    private static final int SANDBOXES = 32;
    private static final int THREADS = 8;
    private static final List<Integer> PORTS = List.of(443, 80, 5432);

    /** A sandbox, the proxy on its host end, and what it alone may reach. */
    private record Tenant(NetnsSandbox sandbox, Listeners proxy, String own) implements AutoCloseable {
        String proxyProbe() {
            return "tcp " + Setting.host(sandbox) + " " + PodWorld.PROXY_PORT;
        }

        @Override
        public void close() {
            try (proxy) {
                sandbox.close();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void eachOfThirtyTwoFromEightThreadsSeesOnlyItsOwn(Setting setting) throws Exception {
        try (PodWorld world = setting.open()) {
            PodState before = world.snapshot();
            ExecutorService threads = Executors.newFixedThreadPool(THREADS);
            List<Tenant> tenants = new ArrayList<>();
            try {
                tenants.addAll(all(threads, SANDBOXES, i -> tenant(setting, world, i)));
                assertThat(tenants)
                        .extracting(t -> t.sandbox().veth().network())
                        .doesNotHaveDuplicates();
                assertThat(tenants)
                        .extracting(t -> t.sandbox().namespace().inode())
                        .doesNotHaveDuplicates();
                List<String> everything = new ArrayList<>(List.of("dns udp 10.43.0.10 db.internal A"));
                IntStream.range(0, SANDBOXES).mapToObj(ManySandboxesIT::target).forEach(everything::add);
                tenants.forEach(tenant -> everything.add(tenant.proxyProbe()));
                world.capture().take();

                List<Set<String>> reached = all(threads, SANDBOXES, i -> {
                    Probes inside = Setting.probes(world, tenants.get(i).sandbox());
                    Set<String> ok = new TreeSet<>();
                    inside.all(everything).forEach((probe, outcome) -> {
                        if (outcome.ok()) {
                            ok.add(probe);
                        }
                    });
                    return ok;
                });
                for (int i = 0; i < SANDBOXES; i++) {
                    Tenant tenant = tenants.get(i);
                    assertThat(reached.get(i))
                            .containsExactlyInAnyOrder(
                                    "dns udp 10.43.0.10 db.internal A", tenant.own(), tenant.proxyProbe());
                    assertThat(tenant.proxy().take())
                            .singleElement()
                            .asString()
                            .contains(" " + Setting.inside(tenant.sandbox()) + " ");
                }
                assertThat(world.capture().takeFlows()).isEqualTo(flows());
            } finally {
                all(threads, tenants.size(), i -> {
                    tenants.get(i).close();
                    return i;
                });
                threads.shutdown();
            }
            assertThat(world.settled(before).lines()).containsExactlyElementsOf(before.lines());
            assertThat(JvmState.now().foreignTasks()).isEmpty();
        }
    }

    private static Tenant tenant(Setting setting, PodWorld world, int i) {
        String[] words = target(i).split(" ");
        NetnsSandbox sandbox = setting.builder(world)
                .proxy(PodWorld.PROXY_PORT)
                .allowDns(PodWorld.DNS)
                .directTcp(words[1], Integer.parseInt(words[2]))
                .apply();
        return new Tenant(sandbox, world.listenInPod("tcp", Setting.host(sandbox), PodWorld.PROXY_PORT), target(i));
    }

    private static String target(int i) {
        return "tcp 203.0.113." + (10 + i / PORTS.size()) + " " + PORTS.get(i % PORTS.size());
    }

    private static Set<String> flows() {
        Set<String> flows = new TreeSet<>(Set.of("17 198.51.100.2 > 10.43.0.10 53 by uplink"));
        for (int i = 0; i < SANDBOXES; i++) {
            flows.add("6 198.51.100.2 > " + target(i).substring("tcp ".length()) + " by uplink");
        }
        return flows;
    }

    @FunctionalInterface
    private interface Job<T> {
        T run(int i) throws Exception;
    }

    private static <T> List<T> all(ExecutorService threads, int count, Job<T> job) throws Exception {
        List<Future<T>> futures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            futures.add(threads.submit(() -> job.run(number)));
        }
        List<T> results = new ArrayList<>();
        for (Future<T> future : futures) {
            results.add(future.get());
        }
        return results;
    }
}
