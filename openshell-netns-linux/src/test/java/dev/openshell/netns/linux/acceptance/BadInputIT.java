package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What can only be refused when a policy is applied is refused with the value and a remedy, and nothing is touched. */
@Tag("real-kernel")
@TestInstance(Lifecycle.PER_CLASS)
class BadInputIT {
    private final PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN);
    private PodState before;

    @BeforeAll
    void warmUp() {
        builder().apply().close();
        before = world.settled(world.snapshot());
        before = world.settled(before);
    }

    @AfterEach
    void nothingWasTouched() {
        assertThat(world.settled(before)).isEqualTo(before);
    }

    @AfterAll
    void tearDown() {
        world.close();
    }

    private NetnsSandbox.Builder builder() {
        return NetnsSandbox.builder().hostNamespace(world.podPath()).resolvConf(world.resolvConf());
    }

    private void refused(NetnsSandbox.Builder builder, String... said) {
        assertThatThrownBy(builder::apply).isInstanceOfSatisfying(NetnsException.class, e -> {
            assertThat(e.getMessage()).contains(said);
            assertThat(e.remedy()).isNotBlank();
            assertThat(e.step()).isNotBlank();
            assertThat(e.object()).isNotBlank();
        });
    }

    record Case(String what, Consumer<NetnsSandbox.Builder> policy, List<String> said) {
        @Override
        public String toString() {
            return what;
        }
    }

    static Stream<Case> refusedPolicies() {
        return Stream.of(
                new Case("unknown", b -> b.directTcp("nosuch.example"), List.of("nosuch.example", "no address")),
                new Case("metadata", b -> b.directTcp("rebind.example"), List.of("169.254.169.254", "link-local")),
                new Case("the pod", b -> b.directTcp("pod-itself.example"), List.of(PodWorld.POD, "host's own")),
                new Case("the pod's address", b -> b.directTcp(PodWorld.POD), List.of("host's own")),
                new Case(
                        "private",
                        b -> b.directTcp("private.example").publicOnly(),
                        List.of("10.43.7.7", "publicOnly")),
                new Case("the pod as resolver", b -> b.allowDns(PodWorld.POD), List.of(PodWorld.POD, "host itself")),
                new Case("a taken pool", b -> b.linkPool("10.43.1.0/24"), List.of("10.43.1.0/24", "linkPool")),
                new Case(
                        "no namespace",
                        b -> b.hostNamespace(Path.of("/run/netns/nosuch-namespace")),
                        List.of("/run/netns/nosuch-namespace", "ENOENT")),
                new Case(
                        "not a namespace",
                        b -> b.hostNamespace(Path.of("/etc/hostname")),
                        List.of("/etc/hostname", "namespace")),
                new Case(
                        "no resolv.conf",
                        b -> b.resolvConf(Path.of("/nosuch/resolv.conf")),
                        List.of("/nosuch/resolv.conf")),
                new Case(
                        "a loopback address from a resolver",
                        b -> b.directTcp("a.example").resolver(answer("127.0.0.1", "::1", "fe80::1")),
                        List.of("127.0.0.1 is a loopback", "::1 is a loopback", "fe80::1 is a link-local")),
                new Case(
                        "embedded addresses",
                        b -> b.directTcp("a.example")
                                .resolver(answer("64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "::ffff:169.254.169.254")),
                        List.of("link-local", "loopback")),
                new Case(
                        "a resolver that fails",
                        b -> b.directTcp("a.example").resolver(name -> {
                            throw new UnknownHostException("out of order");
                        }),
                        List.of("a.example", "out of order")));
    }

    private static dev.openshell.netns.HostResolver answer(String... addresses) {
        List<InetAddress> answers =
                Stream.of(addresses).map(InetAddresses::forString).toList();
        return name -> answers;
    }

    @ParameterizedTest
    @MethodSource("refusedPolicies")
    void isRefused(Case bad) {
        NetnsSandbox.Builder builder = builder();
        bad.policy().accept(builder);
        refused(builder, bad.said().toArray(String[]::new));
    }

    @Test
    void aMixLosesTheBadAddresses() {
        try (NetnsSandbox sandbox = builder().directTcp("mixed.example").apply()) {
            assertThat(sandbox.ruleSet().rules()).hasToString("[tcp:203.0.113.13:443]");
        }
        try (NetnsSandbox sandbox = builder().directTcp("private.example").apply()) {
            assertThat(sandbox.ruleSet().rules()).hasToString("[tcp:10.43.7.7:443]");
        }
    }

    @Test
    void aStubInResolvConfIsNeverOpened(@TempDir Path directory) throws IOException {
        Path stub = Files.writeString(directory.resolve("resolv.conf"), "nameserver 127.0.0.11\n");
        Path real =
                Files.writeString(directory.resolve("real.conf"), "# x\nnameserver 127.0.0.1\nnameserver 10.43.0.10\n");
        refused(builder().resolvConf(stub).allowDnsFromHost(), "resolv.conf", "allowDns");
        try (NetnsSandbox sandbox =
                builder().resolvConf(real).allowDnsFromHost().apply()) {
            assertThat(sandbox.ruleSet().rules()).hasToString("[tcp:10.43.0.10:53, udp:10.43.0.10:53]");
        }
    }

    @Test
    void aTimeLimitEndsIt(@TempDir Path directory) throws IOException {
        Path silent = Files.writeString(directory.resolve("resolv.conf"), "nameserver 10.43.0.99\n");
        refused(
                builder().resolvConf(silent).directTcp("db.internal").timeout(Duration.ofMillis(300)),
                "db.internal",
                "timeout(Duration)");
        refused(builder().timeout(Duration.ofNanos(1)), "timeout(Duration)");
    }

    @Test
    void anInterruptEndsIt() {
        Thread.currentThread().interrupt();
        try {
            refused(builder().directTcp("db.internal"), "interrupt");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void aTakenNameEndsIt() {
        String name = "taken-" + world.pod();
        try (NetnsSandbox first = builder().name(name).named().apply()) {
            assertThat(first.namespace().path()).isEqualTo(Path.of("/run/netns", name));
            refused(builder().name(name).named(), name, "EEXIST");
            assertThat(Shell.run("ip", "netns", "exec", name, "true").status()).isZero();
        }
        assertThat(Path.of("/run/netns", name)).doesNotExist();
    }
}
