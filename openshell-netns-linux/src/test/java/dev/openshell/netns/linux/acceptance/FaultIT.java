package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.kernel.JnaKernel;
import java.nio.channels.DatagramChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A failure at any call to the kernel while a sandbox is made leaves nothing behind. */
@Tag("real-kernel")
@TestInstance(Lifecycle.PER_CLASS)
class FaultIT {
    private final PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN);

    private NetnsSandbox.Builder builder(FaultyKernel kernel) {
        return NetnsSandbox.builder(new LinuxProvider(kernel.kernel()))
                .hostNamespace(world.podPath())
                .resolvConf(world.resolvConf())
                .name("fault-" + world.pod())
                .named()
                .proxy(3128)
                .allowDns(PodWorld.DNS)
                .directTcp("db.internal", 5432)
                .directTcp(PodWorld.LISTED6);
    }

    /** The classes and threads that the first sandbox of a JVM brings, and the tables that it makes, are there. */
    @BeforeAll
    void warmUp() {
        builder(new FaultyKernel(new JnaKernel(), 0, false)).apply().close();
    }

    @AfterAll
    void tearDown() {
        world.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingIsLeftAfterAFailureAtAnyCall(boolean after) {
        PodState pod = world.settled(world.snapshot());
        JvmState jvm = JvmState.now();
        List<String> failed = new ArrayList<>();
        for (int call = 1; ; call++) {
            FaultyKernel faulty = new FaultyKernel(new JnaKernel(), call, after);
            NetnsSandbox.Builder builder = builder(faulty);
            try (NetnsSandbox sandbox = builder.apply()) {
                faulty.arm(0);
                assertThat(faulty.failed()).isEmpty();
                assertThat(sandbox.ruleSet().rules()).hasSize(5);
                break;
            } catch (NetnsException e) {
                assertThat(e.errno()).as(e.getMessage()).isEqualTo(FaultyKernel.ERRNO);
                assertThat(e.getSuppressed()).as(e.getMessage()).isEmpty();
                assertThat(e.remedy()).isNotBlank();
            }
            assertThat(world.snapshot()).as(faulty.failed()).isEqualTo(pod);
            assertThat(JvmState.now()).as(faulty.failed()).isEqualTo(jvm);
            assertThat(Path.of("/run/netns", "fault-" + world.pod())).doesNotExist();
            failed.add(faulty.failed().split(" ")[0]);
        }
        assertThat(world.settled(pod)).isEqualTo(pod);
        assertThat(failed).contains("netlink", "restore", "writeSysctl");
        if (!after) {
            assertThat(failed).contains("preflight", "openNamespace", "newNamespace", "lock", "save", "publish");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFailureAtAnyCallOfCloseIsReportedAndTheNextSandboxSweepsUp(boolean after) {
        PodState pod = world.settled(world.snapshot());
        JvmState jvm = JvmState.now();
        List<String> reported = new ArrayList<>();
        for (int call = 1; ; call++) {
            FaultyKernel faulty = new FaultyKernel(new JnaKernel(), 0, after);
            NetnsSandbox sandbox = builder(faulty).apply();
            faulty.arm(call);
            boolean closed = closes(sandbox);
            sandbox.close();
            assertThat(JvmState.now()).as(faulty.failed()).isEqualTo(jvm);
            if (!closed) {
                reported.add(faulty.failed().split(" ")[0]);
                builder(new FaultyKernel(new JnaKernel(), 0, false)).apply().close();
            }
            assertThat(world.settled(pod)).as(faulty.failed()).isEqualTo(pod);
            if (faulty.failed().isEmpty()) {
                break;
            }
        }
        assertThat(reported).contains("netlink");
    }

    /** Without its rules a link that is up would be open, so as long as it can't be taken down they stay. */
    @Test
    void rulesStayWhileTheLinkCannotBeTakenDown() throws Exception {
        PodState pod = world.settled(world.snapshot());
        FaultyKernel faulty = new FaultyKernel(new JnaKernel(), 0, false);
        NetnsSandbox sandbox = builder(faulty).apply();
        String link = sandbox.veth().hostInterface();
        try (DatagramChannel pin = sandbox.sockets().openDatagramChannel()) {
            assertThat(pin.isOpen()).isTrue();
            faulty.failAll("netlink");
            assertThatThrownBy(sandbox::close).isInstanceOf(NetnsException.class);
            assertThat(world.inPod("iptables-nft-save").output())
                    .contains("-A OPENSHELL-INPUT -i osh-+ -j DROP")
                    .contains(link + "-from");
        }
        while (world.inPod("ip", "-o", "link").output().contains(": " + link)) {
            Thread.onSpinWait();
        }
        builder(new FaultyKernel(new JnaKernel(), 0, false)).apply().close();
        assertThat(world.settled(pod)).isEqualTo(pod);
    }

    private static boolean closes(NetnsSandbox sandbox) {
        try {
            sandbox.close();
            return true;
        } catch (NetnsException e) {
            assertThat(e.errno()).as(e.getMessage()).isEqualTo(FaultyKernel.ERRNO);
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 10, 25})
    void theExceptionSaysWhatFailed(int call) {
        FaultyKernel faulty = new FaultyKernel(new JnaKernel(), call, false);
        assertThatThrownBy(() -> builder(faulty).apply()).isInstanceOfSatisfying(NetnsException.class, e -> {
            assertThat(e.step()).isNotBlank();
            assertThat(e.object()).isNotBlank();
            assertThat(e).hasMessageContaining("EIO").hasMessageContaining(e.step());
        });
    }
}
