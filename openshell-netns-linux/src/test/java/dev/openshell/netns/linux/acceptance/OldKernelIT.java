package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Linux before 6.17, which has no force_forwarding: IPv6 forwards everywhere or nowhere. */
@Tag("real-kernel")
class OldKernelIT {
    private static final String ALL = "net.ipv6.conf.all.forwarding";
    private static final String ACCEPT_RA = "net.ipv6.conf.eth1.accept_ra";

    /** The real kernel without force_forwarding. */
    private static Kernel old() {
        Kernel real = new JnaKernel();
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    if (arguments != null
                            && arguments.length > 1
                            && arguments[1].toString().endsWith("force_forwarding")) {
                        assertThat(method.getName()).isEqualTo("readSysctl");
                        return Optional.empty();
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static NetnsSandbox.Builder builder(PodWorld world) {
        return NetnsSandbox.builder(new LinuxProvider(old()))
                .hostNamespace(world.podPath())
                .resolvConf(world.resolvConf())
                .directTcp(PodWorld.LISTED6);
    }

    private static String sysctl(PodWorld world, String key) {
        return world.mustInPod("sysctl", "-n", key).trim();
    }

    @Test
    void theListedHostIsReachedTheHostIsNoRouterAndAllIsPutBack() {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN)) {
            world.mustInPod("sysctl", "-q", "-w", ACCEPT_RA + "=1");
            builder(world).apply().close();
            PodState before = world.settled(world.snapshot());
            assertThat(sysctl(world, ALL)).isEqualTo("0");
            try (NetnsSandbox first = builder(world).apply()) {
                NetnsSandbox second = builder(world).apply();
                assertThat(sysctl(world, ALL)).isEqualTo("1");
                assertThat(sysctl(world, ACCEPT_RA)).isEqualTo("2");
                assertThat(Setting.probes(world, first)
                                .one("tcp " + PodWorld.LISTED6 + " 443")
                                .ok())
                        .isTrue();
                assertThat(world.inPod("ip6tables-nft-save").output())
                        .contains("-A OPENSHELL-UPLINK -m comment --comment \"openshell:all.forwarding-0\" -j DROP");
                second.close();
                assertThat(sysctl(world, ALL)).isEqualTo("1");
                assertThat(Setting.probes(world, first)
                                .one("tcp " + PodWorld.LISTED6 + " 443")
                                .ok())
                        .isTrue();
            }
            assertThat(world.settled(before)).isEqualTo(before);
        }
    }

    @Test
    void whatSomebodyElseSetMeanwhileStays() {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN)) {
            world.mustInPod("sysctl", "-q", "-w", ACCEPT_RA + "=1");
            NetnsSandbox sandbox = builder(world).apply();
            world.mustInPod("sysctl", "-q", "-w", ACCEPT_RA + "=0");
            world.mustInPod("sysctl", "-q", "-w", ALL + "=0");
            sandbox.close();
            assertThat(sysctl(world, ACCEPT_RA)).isEqualTo("0");
            assertThat(sysctl(world, ALL)).isEqualTo("0");
        }
    }
}
