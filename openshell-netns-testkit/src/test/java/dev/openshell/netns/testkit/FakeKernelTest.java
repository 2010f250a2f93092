package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.base.Errno;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class FakeKernelTest {
    private final FakeKernel kernel =
            FakeKernel.builder().name("db.internal", "203.0.113.5").build();

    private NetnsSandbox.Builder builder() {
        return NetnsSandbox.builder(kernel).proxy(3128).directTcp("db.internal", 5432);
    }

    @Test
    void leavesNothingBehind() {
        List<String> before = kernel.state();
        try (NetnsSandbox sandbox = builder().name("agent").named().apply()) {
            assertThat(kernel.state()).isNotEqualTo(before).contains("published /run/netns/agent");
            assertThat(sandbox.ruleSet().rules()).hasSize(2);
        }
        assertThat(kernel.state()).isEqualTo(before);
    }

    @Test
    void anUnknownNameIsSaidWithTheRemedy() {
        assertThatThrownBy(() ->
                        NetnsSandbox.builder(kernel).directTcp("other.internal").apply())
                .isInstanceOf(NetnsException.class)
                .hasMessageContaining("other.internal")
                .hasMessageContaining("FakeKernel.builder().name");
    }

    @Test
    void aHostNamespaceIsFoundByItsPaths() {
        for (String path : List.of("/proc/self/ns/net", "/proc/thread-self/ns/net")) {
            builder().hostNamespace(Path.of(path)).apply().close();
        }
        try (NetnsSandbox pod = builder().name("pod").named().apply()) {
            assertThat(pod.namespace().name()).isEqualTo("pod");
            builder().hostNamespace(Path.of("/run/netns/pod")).apply().close();
            builder().hostNamespace(Path.of("/var/run/netns/pod")).apply().close();
        }
        assertThatThrownBy(() ->
                        builder().hostNamespace(Path.of("/run/netns/nosuch")).apply())
                .isInstanceOfSatisfying(
                        NetnsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    @Test
    void aThreadThatACallLeavesInsideIsNoticed() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (NetnsSandbox sandbox = builder().apply()) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> sandbox.call(() -> {
                        Thread left = new Thread(() -> {
                            try {
                                end.await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
                        left.start();
                        return left;
                    }))
                    .withMessageContaining("start no threads");
            end.countDown();
            assertThat(sandbox.<Integer>call(() -> 7)).isEqualTo(7);
        }
    }

    @Test
    void faultsHappenWhereTheyAreScripted() {
        List<String> before = kernel.state();
        kernel.script(new Fault.ErrnoAlways(KernelCall.CREATE_NAMESPACE, Errno.EPERM));
        assertThatThrownBy(() -> builder().apply())
                .isInstanceOfSatisfying(
                        NetnsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM))
                .hasMessageContaining("CAP_SYS_ADMIN");
        kernel.script();
        builder().apply().close();
        int calls = kernel.calls().size();
        assertThat(calls).isGreaterThan(30);
        kernel.script(new Fault.Death(35));
        assertThatThrownBy(() -> builder().apply())
                .satisfiesAnyOf(e -> assertThat(e).isInstanceOf(FakeKernel.Died.class), e -> assertThat(e)
                        .hasRootCauseInstanceOf(FakeKernel.Died.class));
        assertThatThrownBy(() -> kernel.inode(3)).isInstanceOf(FakeKernel.Died.class);
        FakeKernel next = kernel.otherProcess();
        NetnsSandbox.builder(next).proxy(3128).apply().close();
        assertThat(next.state()).isEqualTo(before);
    }

    @Test
    void anotherProgramCanComeBetween() {
        kernel.script(new Fault.Meanwhile(
                25, other -> other.state().forEach(line -> assertThat(line).isNotBlank())));
        builder().apply().close();
        assertThat(kernel.calls()).contains(KernelCall.RESTORE, KernelCall.NETLINK, KernelCall.LOCK);
    }

    @Test
    void kernelsHaveNothingInCommon() {
        FakeKernel other = FakeKernel.create();
        List<String> before = other.state();
        try (NetnsSandbox sandbox = builder().apply()) {
            assertThat(sandbox.veth().hostInterface()).startsWith("osh-");
            assertThat(other.state()).isEqualTo(before);
        }
    }

    /** Somebody takes the addresses that the link was to have, at any moment: no more gets out, and nothing is left. */
    @Test
    void anAddressTakenBehindOurBackOpensNothing() {
        int calls = callsOfApply();
        for (int call = 1; call <= calls; call++) {
            FakeKernel world = Opened.host();
            world.script(new Fault.Meanwhile(call, other -> {
                for (int net = 0; net < 4; net++) {
                    other.addAddress("eth0", "10.200.0." + (4 * net + 1) + "/30");
                }
            }));
            NetnsSandbox.Builder small =
                    NetnsSandbox.builder().linkPool("10.200.0.0/28").proxy(3128).directTcp("203.0.113.10");
            try (Opened opened = Opened.of(world, small.policy(), SandboxProperties.REAL)) {
                world.script();
                assertThat(Denial.check(opened))
                        .filteredOn(finding -> finding.contains("admitted"))
                        .as("call " + call)
                        .isEmpty();
            } catch (NetnsException e) {
                assertThat(e.remedy()).isNotBlank();
            }
            assertThat(world.state()).as("call " + call).noneMatch(line -> line.contains("osh-"));
        }
    }

    private static int callsOfApply() {
        FakeKernel plain = Opened.host();
        plain.script();
        NetnsSandbox.builder(plain).proxy(3128).directTcp("203.0.113.10").apply();
        return plain.calls().size();
    }
}
