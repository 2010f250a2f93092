package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a sandbox leaves behind: nothing. */
@Tag("real-kernel")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class AfterCloseIT {
    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void allIsAsBefore(Setting setting) throws Exception {
        try (PodWorld world = setting.open()) {
            use(setting, world);
            PodState pod = world.snapshot();
            JvmState jvm = JvmState.now();
            use(setting, world);
            assertThat(world.settled(pod).lines()).containsExactlyElementsOf(pod.lines());
            same(jvm);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void theFirstSandboxOfAPodLeavesItAsItWas(Setting setting) throws Exception {
        try (PodWorld world = setting.open()) {
            PodState pod = world.snapshot();
            use(setting, world);
            assertThat(world.settled(pod).lines()).containsExactlyElementsOf(pod.lines());
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void aPodWithIpForwardStaysAsItWas(Setting setting) throws Exception {
        try (PodWorld world = setting.open()) {
            world.mustInPod("sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
            PodState pod = world.snapshot();
            use(setting, world);
            assertThat(world.settled(pod).lines()).containsExactlyElementsOf(pod.lines());
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void whoeverSwitchesForwardingOnMeanwhileKeepsIt(Setting setting) {
        try (PodWorld world = setting.open()) {
            try (NetnsSandbox sandbox = setting.apply(world)) {
                assertThat(sandbox.ruleSet().rules()).isNotEmpty();
                world.mustInPod("sysctl", "-q", "-w", "net.ipv4.conf.eth0.forwarding=1");
            }
            assertThat(world.mustInPod("sysctl", "-n", "net.ipv4.conf.eth0.forwarding")
                            .trim())
                    .isEqualTo("1");
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void anApplyThatFailsLeavesNothing(Setting setting) {
        try (PodWorld world = setting.open()) {
            assertThatThrownBy(() ->
                            setting.builder(world).directTcp("nobody.example").apply())
                    .isInstanceOf(NetnsException.class);
            PodState pod = world.snapshot();
            JvmState jvm = JvmState.now();
            for (String name : List.of("nobody.example", "rebind.example", "pod-itself.example", "refused.test")) {
                assertThatThrownBy(() -> setting.builder(world)
                                .allowDns(PodWorld.DNS)
                                .directTcp("db.internal")
                                .directTcp(name)
                                .apply())
                        .isInstanceOf(NetnsException.class)
                        .hasMessageContaining(name);
            }
            assertThat(world.settled(pod).lines()).containsExactlyElementsOf(pod.lines());
            same(jvm);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void theLastSandboxThatLeavesPutsThingsBack(Setting setting) {
        try (PodWorld world = setting.open()) {
            PodState pod = world.snapshot();
            NetnsSandbox first = setting.apply(world);
            try (NetnsSandbox second = setting.apply(world)) {
                first.close();
                world.capture().take();
                Probes inside = Setting.probes(world, second);
                assertThat(inside.reached(Probes.PATIENCE, Setting.allowed()))
                        .hasSize(Setting.allowed().size());
                assertThat(world.capture().takeFlows()).isEqualTo(setting.flows());
                assertThat(inside.reached(Probes.PATIENCE, setting.refused(second)))
                        .isEmpty();
                assertThat(world.capture().take()).isEmpty();
            }
            assertThat(world.settled(pod).lines()).containsExactlyElementsOf(pod.lines());
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void socketsHandedOutAreDead(Setting setting) throws IOException {
        try (PodWorld world = setting.open()) {
            JvmState jvm = JvmState.now();
            NetnsSandbox sandbox = setting.apply(world);
            try (SocketChannel stream = sandbox.sockets().openSocketChannel();
                    DatagramChannel datagrams = sandbox.sockets().openDatagramChannel()) {
                stream.connect(new InetSocketAddress(address(PodWorld.LISTED), 443));
                datagrams.connect(new InetSocketAddress(address(PodWorld.DNS), 53));
                ByteBuffer line = ByteBuffer.allocate(256);
                assertThat(stream.read(line)).isPositive();
                assertThat(new String(line.array(), StandardCharsets.UTF_8)).contains(" 198.51.100.2 ");
                world.capture().take();
                stream.write(ByteBuffer.wrap(new byte[] {1}));
                send(datagrams);
                assertThat(world.capture().takeFlows()).hasSize(2).isSubsetOf(setting.flows());

                sandbox.close();
                world.capture().take();
                stream.write(ByteBuffer.wrap(new byte[] {1}));
                send(datagrams);
                assertThat(world.capture().take()).isEmpty();
            }
            same(jvm);
        }
    }

    private static void send(DatagramChannel channel) throws IOException {
        try {
            channel.write(ByteBuffer.wrap(new byte[12]));
        } catch (IOException e) {
            // The link is down: no route. Whether anything left is for the capture to say.
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void aPublishedNamespaceIsTakenBack() {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN)) {
            String name = world.pod() + "-inner";
            NetnsSandbox sandbox = new Setting(PodWorld.Variant.PLAIN, IptablesVariant.AUTO)
                    .builder(world)
                    .name(name)
                    .named()
                    .apply();
            try (sandbox) {
                assertThat(sandbox.namespace().path()).hasToString("/run/netns/" + name);
                assertThat(Shell.must("ip", "netns", "exec", name, "ip", "-o", "address", "show", "eth0"))
                        .contains(" " + Setting.inside(sandbox) + "/30 ");
                assertThat(JvmState.mountsNaming(name)).hasSize(1);
            }
            assertThat(JvmState.mountsNaming(name)).isEmpty();
            assertThat(Path.of("/run/netns", name)).doesNotExist();
        }
    }

    @Test
    void processesInsideEndWithTheSandbox() throws Exception {
        try (PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN)) {
            NetnsSandbox sandbox = new Setting(PodWorld.Variant.PLAIN, IptablesVariant.AUTO).apply(world);
            List<Process> processes = new ArrayList<>();
            processes.add(sandbox.start(new ProcessBuilder("sleep", "1000")));
            processes.add(sandbox.start(new ProcessBuilder("sh", "-c", "trap '' TERM; while :; do sleep 1000; done")));
            Process parent = sandbox.start(
                    new ProcessBuilder("sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!; exit 0"));
            long orphan = Long.parseLong(Shell.finish(parent, "").output().trim());
            assertThat(processes).allMatch(Process::isAlive);
            assertThat(ProcessHandle.of(orphan)).isPresent();
            sandbox.close();
            for (Process process : processes) {
                assertThat(process.waitFor()).isIn(128 + 15, 128 + 9);
            }
            assertThat(ProcessHandle.of(orphan).filter(ProcessHandle::isAlive)).isEmpty();
            assertThatThrownBy(() -> sandbox.start(new ProcessBuilder("true")))
                    .isInstanceOf(IllegalStateException.class);
            sandbox.close();
        }
    }

    /** Uses everything that a handle offers. */
    private static void use(Setting setting, PodWorld world) throws Exception {
        try (NetnsSandbox sandbox = setting.apply(world);
                Listeners proxy = world.listenInPod("tcp", Setting.host(sandbox), PodWorld.PROXY_PORT)) {
            assertThat(Setting.probes(world, sandbox).reached(Probes.PATIENCE, Setting.allowed()))
                    .hasSize(Setting.allowed().size());
            try (SocketChannel channel = sandbox.sockets().openSocketChannel()) {
                channel.connect(new InetSocketAddress(address(Setting.host(sandbox)), PodWorld.PROXY_PORT));
            }
            assertThat(proxy.take()).hasSize(1);
            assertThat(sandbox.<Boolean>call(() -> {
                        try (DatagramChannel channel = DatagramChannel.open()) {
                            return channel.isOpen();
                        }
                    }))
                    .isTrue();
            assertThat(JvmState.now().foreignTasks()).isEmpty();
        }
    }

    private static void same(JvmState before) {
        JvmState after = JvmState.now();
        assertThat(after.descriptors()).isEqualTo(before.descriptors());
        assertThat(after.threads()).isEqualTo(before.threads());
        assertThat(after.foreignTasks()).isEmpty();
        assertThat(after.mounts()).isEqualTo(before.mounts());
    }

    private static InetAddress address(String literal) {
        return InetAddresses.forString(literal);
    }
}
