package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsPool;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.plan.Netlink;
import dev.openshell.netns.testkit.net.Netns;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A pool fills itself, gives out what is as it was made, and leaves nothing. */
@Timeout(60)
class PoolTest {
    private static final int EIO = 5;
    /** More packets than a turn leaves out: all of them are tried. */
    private static final int TURNS = 11;

    private static final SandboxPolicy BASE = NetnsSandbox.builder().policy();
    private static final SandboxPolicy POLICY = NetnsSandbox.builder()
            .proxy(3128)
            .allowDns("10.43.0.10")
            .directTcp("203.0.113.10")
            .policy();

    private final FakeKernel kernel = Opened.host();
    private final List<String> before = kernel.state();

    private NetnsPool pool(SandboxPolicy base, int size) {
        return NetnsPool.of(SandboxProperties.REAL.of(kernel, Opened::resolve), base, size);
    }

    private static void await(NetnsPool pool, Predicate<NetnsPool.Metrics> wanted) throws InterruptedException {
        while (!wanted.test(pool.metrics())) {
            Thread.sleep(1);
        }
    }

    private static void awaitReady(NetnsPool pool, int ready) throws InterruptedException {
        await(pool, metrics -> metrics.ready() == ready || metrics.failures() > 0);
        assertThat(pool.metrics().lastFailure()).isEmpty();
    }

    private List<Netns> inside() {
        synchronized (kernel.machine()) {
            return kernel.machine().namespaces().stream()
                    .filter(netns -> netns != kernel.machine().host())
                    .toList();
        }
    }

    private Netns inside(NetnsSandbox sandbox) {
        long inode = sandbox.namespace().inode();
        return inside().stream()
                .filter(netns -> netns.inode() == inode)
                .findFirst()
                .orElseThrow();
    }

    /** What gets out of {@code netns} and may not, and with {@code whole} what does not and may. */
    private List<String> escapes(Netns netns, SandboxPolicy policy, boolean whole) {
        List<String> findings = new ArrayList<>();
        for (int turn = 0; turn < TURNS; turn++) {
            findings.addAll(new Escape(kernel, netns, policy, "now", turn).attempts(whole));
        }
        return findings;
    }

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("openshell-netns-pool"))
                .toList();
    }

    @Test
    void oneThatIsTakenIsReplaced() throws Exception {
        NetnsPool pool = pool(BASE, 2);
        awaitReady(pool, 2);
        assertThat(pool.metrics()).isEqualTo(new NetnsPool.Metrics(2, 2, 0, 0, 0, 0, Optional.empty()));
        assertThat(inside()).hasSize(2);
        NetnsSandbox sandbox = pool.apply(POLICY);
        await(pool, metrics -> metrics.made() == 3);
        assertThat(pool.metrics()).isEqualTo(new NetnsPool.Metrics(2, 3, 1, 0, 0, 0, Optional.empty()));
        assertThat(escapes(inside(sandbox), POLICY, true)).isEmpty();
        sandbox.verifyLoaded();
        assertThat(sandbox.inspect().plan().toString()).contains("203.0.113.10");
        pool.close();
        pool.close();
        assertThat(threads()).isEmpty();
        assertThat(inside()).hasSize(1);
        assertThat(escapes(inside(sandbox), POLICY, true)).isEmpty();
        assertThatThrownBy(() -> pool.apply(POLICY))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the pool is closed");
        sandbox.close();
        assertThat(Opened.difference(before, kernel.state())).isEmpty();
        assertThat(pool.metrics().ready()).isZero();
    }

    /** The base says nothing of what is ready; what is taken is the control that packets do get out. */
    @Test
    void nothingGetsOutOfOneThatIsReady() throws Exception {
        SandboxPolicy base = POLICY.toBuilder().directTcp("2001:db8:2::10").policy();
        try (NetnsPool pool = pool(base, 1)) {
            awaitReady(pool, 1);
            Netns ready = inside().get(0);
            assertThat(ready.link("eth0").addresses()).hasSize(2);
            assertThat(escapes(ready, BASE, false)).isEmpty();
            // The Escape of a policy tries what that allows too: none of it may get out either.
            assertThat(escapes(ready, base, true))
                    .filteredOn(finding -> finding.contains(": refused "))
                    .isNotEmpty();
            assertThat(escapes(ready, base, true))
                    .filteredOn(finding -> finding.contains("nothing got out"))
                    .hasSize(2 * TURNS);
            try (NetnsSandbox sandbox = pool.apply(base)) {
                awaitReady(pool, 1);
                assertThat(inside(sandbox)).isSameAs(ready);
                assertThat(escapes(ready, base, true)).isEmpty();
            }
        }
        assertThat(Opened.difference(before, kernel.state())).isEmpty();
    }

    @Test
    void whatNoneThatIsReadyCanBecomeIsMadeOnTheSpot() throws Exception {
        SandboxPolicy six = POLICY.toBuilder().directTcp("2001:db8:2::10").policy();
        try (NetnsPool pool = pool(BASE, 1)) {
            awaitReady(pool, 1);
            try (NetnsSandbox sandbox = pool.apply(six)) {
                assertThat(escapes(inside(sandbox), six, true)).isEmpty();
                assertThat(pool.metrics()).isEqualTo(new NetnsPool.Metrics(1, 1, 0, 1, 0, 0, Optional.empty()));
            }
        }
    }

    @Test
    void whatThePoolIsNotForIsNamed() {
        try (NetnsPool pool = pool(BASE, 1)) {
            assertThatThrownBy(() -> pool.apply(BASE.toBuilder().linkPool("10.201.0.0/16")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(
                            "link pool 10.201.0.0/16 is not the pool's, 10.200.0.0/16; make another pool");
            assertThatThrownBy(() -> pool.apply(BASE.toBuilder().hostNamespace(Path.of("/run/netns/other"))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("/run/netns/other");
            assertThatThrownBy(() -> pool.apply(BASE.toBuilder().iptables(IptablesVariant.LEGACY)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("variant of iptables");
        }
        assertThatThrownBy(() -> pool(BASE, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> NetnsPool.of(policy -> null, BASE, 1))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    private static Arguments change(String what, BiFunction<Netns, FakeKernel, String> host) {
        return Arguments.of(what, host);
    }

    /** What somebody else does to the host meanwhile: a text for iptables-restore. */
    static Stream<Arguments> tampering() {
        return Stream.of(
                change("empties the deny", (host, kernel) -> "*filter\n-F OPENSHELL-FORWARD\nCOMMIT\n"),
                change("unhooks the deny", (host, kernel) -> "*filter\n-D OUTPUT -j OPENSHELL-OUTPUT\nCOMMIT\n"),
                change("unhooks the sources", (host, kernel) -> "*raw\n-F PREROUTING\nCOMMIT\n"),
                change(
                        "lets it send",
                        (host, kernel) -> "*raw\n-I OPENSHELL-SOURCE 1 -i " + link(kernel) + " -j RETURN\nCOMMIT\n"),
                change("gets before the deny", (host, kernel) -> "*filter\n-I FORWARD 1 -j ACCEPT\nCOMMIT\n"),
                change("takes the link down", (host, kernel) -> {
                    send(kernel, Rtnetlink.setUp(host.link(link(kernel)).index(), link(kernel), false));
                    return "";
                }),
                change("takes the link away", (host, kernel) -> {
                    send(kernel, Rtnetlink.deleteLink(host.link(link(kernel)).index(), link(kernel)));
                    return "";
                }),
                change("opens it inside", (host, kernel) -> {
                    Netns inside = host.link(link(kernel)).peer().orElseThrow().netns();
                    Opened.rules(kernel, inside, Family.IPV6, "*filter\n:OUTPUT ACCEPT\nCOMMIT\n");
                    return "";
                }),
                change("writes on the link", (host, kernel) -> {
                    send(kernel, Rtnetlink.alias(host.link(link(kernel)).index(), link(kernel), "mine"));
                    return "";
                }));
    }

    private static void send(FakeKernel kernel, Request request) {
        int host = kernel.openNamespace(Optional.empty());
        Netlink.send(kernel, host, request);
        kernel.close(host);
    }

    private static String link(FakeKernel kernel) {
        return kernel.machine().host().links().stream()
                .map(dev.openshell.netns.testkit.net.Link::name)
                .filter(name -> name.startsWith("osh-"))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tampering")
    void oneThatIsNotAsItWasMadeIsNotGivenOut(String what, BiFunction<Netns, FakeKernel, String> deed)
            throws Exception {
        try (NetnsPool pool = pool(BASE, 1)) {
            awaitReady(pool, 1);
            Netns spoilt = inside().get(0);
            String text = deed.apply(kernel.machine().host(), kernel.otherProcess());
            if (!text.isEmpty()) {
                Opened.rulesOfOthers(kernel, Family.IPV4, text);
            }
            try (NetnsSandbox sandbox = pool.apply(POLICY)) {
                // Nobody changes the machine while the test looks at it.
                awaitReady(pool, 1);
                assertThat(inside(sandbox)).isNotSameAs(spoilt);
                assertThat(pool.metrics().discarded()).isEqualTo(1);
                assertThat(pool.metrics().taken()).isZero();
                assertThat(pool.metrics().misses()).isEqualTo(1);
                assertThat(inside()).doesNotContain(spoilt);
                assertThat(escapes(inside(sandbox), POLICY, true)).isEmpty();
            }
        }
        Opened.rulesOfOthers(kernel, Family.IPV4, "*filter\n-F FORWARD\n-A FORWARD -j ACCEPT\nCOMMIT\n");
        assertThat(Opened.difference(before, kernel.state())).isEmpty();
    }

    @Test
    void aRefillThatFailsIsSeenAndTriedAgain() throws Exception {
        kernel.script(new Fault.ErrnoAlways(KernelCall.CREATE_NAMESPACE, EIO));
        try (NetnsPool pool = pool(BASE, 1)) {
            await(pool, metrics -> metrics.failures() > 0);
            assertThat(pool.metrics().lastFailure())
                    .hasValueSatisfying(failure ->
                            assertThat(((NetnsException) failure).errno()).isEqualTo(EIO));
            assertThatThrownBy(() -> pool.apply(POLICY))
                    .isInstanceOfSatisfying(NetnsException.class, failure -> assertThat(failure.errno())
                            .isEqualTo(EIO));
            assertThat(pool.metrics().misses()).isEqualTo(1);
            kernel.script();
            await(pool, metrics -> metrics.ready() == 1);
            pool.apply(POLICY).close();
            assertThat(pool.metrics().taken()).isEqualTo(1);
        }
        assertThat(Opened.difference(before, kernel.state())).isEmpty();
    }

    @Test
    void aNameIsThatOfThePolicy() throws Exception {
        try (NetnsPool pool = pool(BASE, 1)) {
            awaitReady(pool, 1);
            SandboxPolicy named =
                    POLICY.toBuilder().name("box").named().detached().policy();
            try (NetnsSandbox sandbox = pool.apply(named)) {
                awaitReady(pool, 1);
                assertThat(sandbox.namespace().name()).isEqualTo("box");
                assertThat(sandbox.namespace().path()).isEqualTo(Path.of("/run/netns/box"));
                assertThat(kernel.machine().paths()).contains("/run/netns/box");
                String alias = kernel.machine()
                        .host()
                        .link(sandbox.veth().hostInterface())
                        .alias();
                assertThat(alias).endsWith(" detached");
                assertThat(pool.metrics().taken()).isEqualTo(1);
            }
        }
        assertThat(kernel.machine().paths()).isEmpty();
        assertThat(Opened.difference(before, kernel.state())).isEmpty();
    }

    /** Undoing it twice would close a descriptor that may be somebody else's by then. */
    @Test
    void oneThatFailsWhileItIsTakenIsUndoneOnce() throws Exception {
        try (NetnsPool pool = pool(BASE, 1)) {
            awaitReady(pool, 1);
            Netns spoilt = inside().get(0);
            kernel.script(new Fault.ErrnoAlways(KernelCall.PUBLISH, EIO));
            assertThatThrownBy(() -> pool.apply(POLICY.toBuilder().name("box").named()))
                    .isInstanceOfSatisfying(NetnsException.class, failure -> assertThat(failure.errno())
                            .isEqualTo(EIO))
                    .hasNoSuppressedExceptions();
            assertThat(inside()).doesNotContain(spoilt);
            kernel.script();
            awaitReady(pool, 1);
            assertThat(pool.metrics()).isEqualTo(new NetnsPool.Metrics(1, 2, 0, 0, 1, 0, Optional.empty()));
        }
        assertThat(Opened.difference(before, kernel.state())).isEmpty();
    }

    @Test
    void aPolicyThatIsRefusedUsesNothingUp() throws Exception {
        try (NetnsPool pool = pool(BASE, 1)) {
            awaitReady(pool, 1);
            SandboxPolicy refused =
                    BASE.toBuilder().directTcp("10.43.0.1").publicOnly().policy();
            assertThatThrownBy(() -> pool.apply(refused)).isInstanceOf(NetnsException.class);
            assertThat(pool.metrics()).isEqualTo(new NetnsPool.Metrics(1, 1, 0, 0, 0, 0, Optional.empty()));
        }
    }

    @Test
    void severalTakeAtOnce() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(2);
        List<NetnsSandbox> sandboxes = new ArrayList<>();
        try (NetnsPool pool = pool(BASE, 3)) {
            awaitReady(pool, 3);
            List<Future<NetnsSandbox>> made = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                made.add(callers.submit((Callable<NetnsSandbox>) () -> pool.apply(POLICY)));
            }
            for (Future<NetnsSandbox> each : made) {
                sandboxes.add(each.get());
            }
            assertThat(pool.metrics().taken() + pool.metrics().misses()).isEqualTo(10);
            assertThat(pool.metrics().taken()).isGreaterThanOrEqualTo(3);
            HashSet<Long> inodes = new HashSet<>();
            HashSet<Object> networks = new HashSet<>();
            sandboxes.forEach(sandbox -> {
                inodes.add(sandbox.namespace().inode());
                networks.add(sandbox.veth().network());
            });
            assertThat(inodes).hasSize(10);
            assertThat(networks).hasSize(10);
        } finally {
            callers.shutdown();
            assertThat(callers.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        }
        sandboxes.forEach(NetnsSandbox::close);
        assertThat(Opened.difference(before, kernel.state())).isEmpty();
    }

    @Test
    void closingEndsWhatIsBeingMade() throws Exception {
        FakeKernel other = kernel.otherProcess();
        int host = other.openNamespace(Optional.empty());
        NetnsPool pool;
        try (Kernel.Lock lock = other.lock(host, Deadline.in(Duration.ofMinutes(1)))) {
            pool = pool(BASE, 1);
            Thread.sleep(50);
            long start = System.nanoTime();
            pool.close();
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        }
        other.close(host);
        assertThat(pool.metrics().made()).isZero();
        assertThat(threads()).isEmpty();
        assertThat(Opened.difference(before, kernel.state())).isEmpty();
    }

    @Test
    void whatWasReadyIsSweptWhenItsOwnerDied() throws Exception {
        FakeKernel mortal = kernel.otherProcess();
        NetnsPool pool = NetnsPool.of(SandboxProperties.REAL.of(mortal, Opened::resolve), BASE, 2);
        awaitReady(pool, 2);
        mortal.die();
        kernel.sweep(false);
        assertThat(Opened.difference(before, kernel.state())).isEmpty();
        try {
            pool.close();
        } catch (FakeKernel.Died | NetnsException expected) {
            // A dead process has nothing to close.
        }
    }
}
