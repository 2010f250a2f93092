package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.VerificationException;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Somebody restores, right after any one call of apply, the tables that he saved before it: the sandbox is made all the
 * same, its rules are whole soon, and at no moment do packets leave that the policy does not allow.
 */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class StaleRestoreIT {
    /** Where the type of a netlink message is, and that of a batch's first. */
    private static final int TYPE = 4;

    private static final byte BATCH_BEGIN = 16;

    /** Takes the tables of the backend nftables away, as a restore of the ruleset before them does. */
    private static final String DELETE =
            "nft list tables | grep openshell- | while read -r word family name; do nft delete table $family $name; done";

    private static final Set<String> CHANGES = Set.of("netlink", "restore", "writeSysctl");
    private static final Duration REPAIRED = Duration.ofSeconds(5);
    private static final List<String> REFUSED = List.of(
            "tcp " + PodWorld.UNLISTED + " 443",
            "udp " + PodWorld.UNLISTED + " 53",
            "tcp " + PodWorld.LISTED + " 80",
            "tcp " + PodWorld.POD + " 22");

    /** The real kernel, and what happens once after so many of the calls that change something. */
    private static final class Interrupted {
        private final Kernel real = new JnaKernel();
        private final Runnable event;
        private int left;

        Interrupted(int after, Runnable event) {
            this.left = after;
            this.event = event;
        }

        Kernel kernel() {
            return (Kernel) Proxy.newProxyInstance(
                    Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, given) -> {
                        Object result = invoke(method, given);
                        if (changes(method, given) && --left == 0) {
                            event.run();
                        }
                        return result;
                    });
        }

        private Object invoke(Method method, Object[] given) throws Throwable {
            try {
                return method.invoke(real, given);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }

        /** Of the requests to nf_tables only a batch changes something. */
        private static boolean changes(Method method, Object[] given) {
            boolean batch = method.getName().equals("netfilter") && ((byte[]) given[1])[TYPE] == BATCH_BEGIN;
            return batch || CHANGES.contains(method.getName());
        }

        boolean happened() {
            return left <= 0;
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void afterAnyCallOfApply(Setting setting) throws Exception {
        try (PodWorld world = setting.open()) {
            PodState before = world.snapshot();
            String saved = world.mustInPod(setting.tool() + "-save");
            String empty = "*raw\nCOMMIT\n*nat\nCOMMIT\n*filter\nCOMMIT\n";
            String stale = saved.contains("*filter") ? saved : empty;
            Runnable event = setting.isNft()
                    ? () -> world.mustInPod(Nft.shell(DELETE))
                    : () -> world.feedInPod(stale, setting.tool() + "-restore");
            boolean more = true;
            int calls = 0;
            while (more) {
                int call = ++calls;
                Interrupted kernel = new Interrupted(call, event);
                world.capture().take();
                try (NetnsSandbox sandbox = new LinuxProvider(kernel.kernel())
                        .apply(setting.builder(world)
                                .allowDns(PodWorld.DNS)
                                .directTcp(PodWorld.LISTED)
                                .policy())) {
                    more = kernel.happened();
                    // Before the watch has seen it, and afterwards.
                    assertThat(Setting.probes(world, sandbox).reached(Duration.ofMillis(300), REFUSED))
                            .as("after call " + call)
                            .isEmpty();
                    awaitWhole(sandbox, call);
                    assertThat(Setting.probes(world, sandbox)
                                    .one("tcp " + PodWorld.LISTED + " 443")
                                    .ok())
                            .as("after call " + call)
                            .isTrue();
                }
                assertThat(world.capture().take())
                        .as("after call " + call)
                        .extracting(packet -> packet.destination() + " " + packet.destinationPort())
                        .containsOnly(PodWorld.LISTED + " 443");
                assertThat(world.settled(before).lines())
                        .as("after call " + call)
                        .containsExactlyElementsOf(before.lines());
            }
            assertThat(calls).isGreaterThan(10);
        }
    }

    private static void awaitWhole(NetnsSandbox sandbox, int call) throws InterruptedException {
        long end = System.nanoTime() + REPAIRED.toNanos();
        while (true) {
            try {
                sandbox.verifyLoaded();
                return;
            } catch (VerificationException e) {
                assertThat(System.nanoTime())
                        .as("after call " + call + ": " + e)
                        .isLessThan(end);
                Thread.sleep(20);
            }
        }
    }
}
