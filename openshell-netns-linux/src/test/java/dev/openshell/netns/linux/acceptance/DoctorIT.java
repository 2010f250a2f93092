package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.Preflight.Check;
import dev.openshell.netns.Preflight.Status;
import dev.openshell.netns.linux.LinuxProvider;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the preflight sees of a pod, each condition beside the pod without it, and that it leaves the pod as it was. */
@Tag("real-kernel")
@Tag("kernel-only")
class DoctorIT {
    private final Cleanup cleanup = new Cleanup();
    private final String pod = "osh-doc-" + String.format("%08x", new SecureRandom().nextInt());
    private final Path path = Path.of("/run/netns", pod);

    @BeforeEach
    void makePod() {
        WorldLinks.namespace(cleanup, pod);
        must("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1");
        must("sysctl", "-q", "-w", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0");
        must("sysctl", "-q", "-w", "net.ipv4.conf.eth0.rp_filter=0", "net.ipv4.conf.eth1.rp_filter=0");
    }

    @AfterEach
    void removePod() {
        cleanup.close();
    }

    private String must(String... command) {
        return Shell.must(WorldLinks.exec(pod, command));
    }

    private static NetnsSandbox.Builder same(NetnsSandbox.Builder builder) {
        return builder;
    }

    /** Examines the pod and checks that nothing there, and nothing of the JVM's, is another afterwards. */
    private Preflight examine(Kernel kernel, UnaryOperator<NetnsSandbox.Builder> options) {
        String before = state();
        Preflight preflight = options.apply(NetnsSandbox.builder(new LinuxProvider(kernel)))
                .hostNamespace(path)
                .preflight();
        assertThat(state()).as(preflight.toString()).isEqualTo(before);
        return preflight;
    }

    private Preflight examine() {
        return examine(new JnaKernel(), DoctorIT::same);
    }

    private String state() {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            List<String> descriptors = open.map(DoctorIT::target)
                    .filter(target -> target.startsWith("net:") || target.contains("memfd") || target.contains(pod))
                    .sorted()
                    .toList();
            List<String> mounts = Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                    .filter(line -> !line.contains("/run/netns/"))
                    .toList();
            return PodState.of(path) + tables() + descriptors + mounts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the tables that are there, also those with nothing in them. */
    private String tables() {
        return must("nft", "list", "tables")
                + must("sh", "-c", "cat /proc/net/ip_tables_names /proc/net/ip6_tables_names");
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "";
        }
    }

    private static Check check(Preflight preflight, String name) {
        return preflight.check(name).orElseThrow(() -> new AssertionError("no " + name + " in\n" + preflight));
    }

    private static void assertStatus(Preflight preflight, String name, Status status, String... evidence) {
        Check check = check(preflight, name);
        assertThat(check.status()).as(preflight.toString()).isEqualTo(status);
        for (String part : evidence) {
            assertThat(check.evidence()).contains(part);
        }
        assertThat(check.remedy().isPresent()).isEqualTo(status != Status.OK);
    }

    private static Set<String> names(Preflight preflight, Status status) {
        return preflight.checks().stream()
                .filter(check -> check.status() == status)
                .map(Check::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @ParameterizedTest
    @EnumSource(
            value = IptablesVariant.class,
            names = {"NFT", "LEGACY"})
    void aCleanPodHasNoFailure(IptablesVariant variant) {
        Preflight preflight = examine(new JnaKernel(), builder -> builder.iptables(variant));
        assertThat(names(preflight, Status.FAILURE)).as(preflight.toString()).isEmpty();
        assertStatus(preflight, "iptables.variant", Status.OK, variant == IptablesVariant.NFT ? "nft" : "legacy");
        for (String name : List.of("veth", "match.hashlimit", "target.masquerade", "rp-filter", "iptables.mixed")) {
            assertStatus(preflight, name, Status.OK);
        }
    }

    /** Apart: the other tests ask iptables-legacy for the rules of the pod themselves, which can make its tables. */
    @Test
    void makesNoTables() {
        assertThat(tables()).isEmpty();
        Preflight preflight =
                NetnsSandbox.builder(new LinuxProvider()).hostNamespace(path).preflight();
        assertThat(preflight.worst()).as(preflight.toString()).isNotEqualTo(Status.FAILURE);
        assertThat(tables()).isEmpty();
    }

    @Test
    void strictReversePathFilter() {
        assertStatus(examine(), "rp-filter", Status.OK, "all=0, default=0");
        must("sysctl", "-q", "-w", "net.ipv4.conf.eth0.rp_filter=1");
        assertStatus(examine(), "rp-filter", Status.WARNING, "strict on eth0:");
        must("sysctl", "-q", "-w", "net.ipv4.conf.all.rp_filter=1");
        Preflight strict = examine();
        assertStatus(strict, "rp-filter", Status.WARNING, "so 1 on a new link, strict on eth0, eth1:");
        must(check(strict, "rp-filter").remedy().orElseThrow().split(" "));
        assertStatus(examine(), "rp-filter", Status.OK, "all=2");
    }

    @Test
    void bridgedFrames() {
        must(
                "sh",
                "-c",
                "sysctl -q -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 || :");
        assertStatus(examine(), "bridge-netfilter", Status.OK);
        if (Files.exists(Path.of("/proc/sys/net/bridge"))) {
            must("sysctl", "-q", "-w", "net.bridge.bridge-nf-call-ip6tables=1");
            assertStatus(examine(), "bridge-netfilter", Status.WARNING, "bridge-nf-call-ip6tables=1");
        }
    }

    @Test
    void aForwardPolicyOfDropIsFine() {
        assertStatus(examine(), "forward-policy", Status.OK, "ipv4 ACCEPT");
        must("iptables-nft", "-P", "FORWARD", "DROP");
        Preflight preflight = examine();
        assertStatus(preflight, "forward-policy", Status.OK, "ipv4 DROP, ipv6 ACCEPT", "is fine");
        assertStatus(preflight, "nftables.base-chains", Status.OK, "no foreign base chain");
    }

    @Test
    void aForeignChainThatDrops() {
        must("nft", "add table inet other; add chain inet other through { type filter hook forward priority 10; }");
        assertStatus(examine(), "nftables.base-chains", Status.OK, "1 foreign base chains", "none drops");
        must("nft", "add chain inet other part; add rule inet other part ct state invalid drop");
        assertStatus(examine(), "nftables.base-chains", Status.OK, "none drops");
        must("nft", "add rule inet other through jump part");
        String chain = "chain inet other through (hook forward, priority 10)";
        assertStatus(examine(), "nftables.base-chains", Status.WARNING, chain + " has rules that drop or reject");
        must("nft", "flush chain inet other through; chain inet other through { policy drop; }");
        Preflight preflight = examine();
        assertStatus(preflight, "nftables.base-chains", Status.WARNING, chain + " has policy drop.");
        // What is to be pasted is understood by the shell and by nft.
        must("sh", "-ec", check(preflight, "nftables.base-chains").remedy().orElseThrow());
        assertThat(must("nft", "list", "chain", "inet", "other", "through"))
                .contains("iifname \"osh-*\" accept", "oifname \"osh-*\" accept");
        must("nft", "add table inet other { flags dormant; }");
        assertStatus(examine(), "nftables.base-chains", Status.OK, "no foreign base chain");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-t mangle -A FORWARD -s 203.0.113.1 -j DROP", "-t mangle -P INPUT DROP"})
    void aDropInTableMangle(String rule) {
        must(("iptables-nft " + rule).split(" "));
        assertStatus(examine(), "nftables.base-chains", Status.WARNING, "chain ip mangle ");
    }

    @Test
    void aVerdictMap() {
        must("nft", "add table ip6 other; add chain ip6 other in { type filter hook input priority 0; }");
        must("nft", "add rule ip6 other in tcp dport vmap { 22 : drop }");
        assertStatus(examine(), "nftables.base-chains", Status.WARNING, "looks verdicts up in a map");
    }

    @Test
    void bothVariantsHaveRules() {
        must("iptables-nft", "-A", "INPUT", "-s", "203.0.113.1", "-j", "DROP");
        assertStatus(examine(), "iptables.mixed", Status.OK, "nft has 1 rules, legacy has no rules");
        must("iptables-legacy", "-A", "INPUT", "-s", "203.0.113.1", "-j", "DROP");
        Preflight preflight = examine();
        assertStatus(preflight, "iptables.mixed", Status.FAILURE, "nft has 1 rules, legacy has 1 rules", "AUTO");
        assertStatus(preflight, "iptables.variant", Status.FAILURE, "both iptables-legacy and iptables-nft");
        assertStatus(preflight, "match.conntrack", Status.WARNING, "not checked: ");
        Preflight pinned = examine(new JnaKernel(), builder -> builder.iptables(IptablesVariant.LEGACY));
        assertStatus(pinned, "iptables.mixed", Status.WARNING, "nft has 1 rules, legacy has 1 rules");
        assertStatus(pinned, "match.conntrack", Status.OK, "iptables-legacy");
        assertStatus(pinned, "nftables.base-chains", Status.WARNING, "chain ip filter INPUT");
    }

    @Test
    void tablesThatCantBeReadAsTheyAre() {
        must("nft", "add table ip filter { flags dormant; }");
        assertStatus(examine(), "iptables.variant", Status.FAILURE, "table filter of this namespace is dormant");
        must("nft", "delete table ip filter");
        must("nft", "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; }");
        must("nft", "add set ip filter dyn { type ipv4_addr; flags dynamic; }");
        assertStatus(examine(), "iptables.readable", Status.OK);
        must("nft", "add rule ip filter FORWARD add @dyn { ip saddr } accept");
        assertStatus(
                examine(new JnaKernel(), builder -> builder.iptables(IptablesVariant.NFT)),
                "iptables.readable",
                Status.FAILURE,
                "has rules that iptables can't show");
    }

    @Test
    void aStubInResolvConf() throws IOException {
        Path stub = Files.createTempFile("osh-doctor", ".conf");
        cleanup.later(() -> Files.delete(stub));
        Files.writeString(stub, "nameserver 10.43.0.10\n");
        assertStatus(
                examine(new JnaKernel(), builder -> builder.resolvConf(stub)), "resolv-conf", Status.OK, "10.43.0.10");
        Files.writeString(stub, "nameserver 127.0.0.53\n");
        if (Files.exists(Path.of("/run/systemd/resolve/resolv.conf"))) {
            return;
        }
        assertStatus(
                examine(new JnaKernel(), builder -> builder.resolvConf(stub)),
                "resolv-conf",
                Status.WARNING,
                "127.0.0.53 (loopback)",
                "there is no /run/systemd/resolve/resolv.conf");
        assertStatus(
                examine(new JnaKernel(), builder -> builder.resolvConf(stub).allowDnsFromHost()),
                "resolv-conf",
                Status.FAILURE);
    }

    @ParameterizedTest
    @EnumSource(
            value = IptablesVariant.class,
            names = {"NFT", "LEGACY"})
    void theLibrarysOwnRulesAreNoForeignOnes(IptablesVariant variant) {
        try (NetnsSandbox live = NetnsSandbox.builder(new LinuxProvider())
                .hostNamespace(path)
                .iptables(variant)
                .proxy(3128)
                .apply()) {
            Preflight preflight = examine();
            assertStatus(preflight, "iptables.mixed", Status.OK, "has no rules");
            assertThat(live.verifyLoaded().regions()).isPositive();
            assertStatus(preflight, "iptables.variant", Status.OK, variant == IptablesVariant.NFT ? "nft" : "legacy");
            assertStatus(preflight, "nftables.base-chains", Status.OK, "no foreign base chain");
            assertThat(names(preflight, Status.FAILURE))
                    .as(preflight.toString())
                    .isEmpty();
        }
    }

    @Test
    void aMatchThatTheKernelLacksIsNamed() {
        Kernel real = new JnaKernel();
        Kernel without = (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("restore")
                            && arguments[1] == Family.IPV6
                            && Arrays.toString(arguments).contains("-m hashlimit")) {
                        throw new KernelException(0, "Extension hashlimit revision 0 not supported", "load it");
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        Preflight preflight = examine(without, DoctorIT::same);
        assertThat(names(preflight, Status.FAILURE)).containsExactly("match.hashlimit");
        assertStatus(preflight, "match.hashlimit", Status.FAILURE, "the match hashlimit can't be loaded", "Extension");
        assertThat(check(preflight, "match.hashlimit").remedy().orElseThrow()).startsWith("modprobe -a xt_hashlimit");
        assertStatus(preflight, "match.connlimit", Status.OK);
        assertStatus(
                examine(without, NetnsSandbox.Builder::unlimited), "match.hashlimit", Status.WARNING, "not needed");
    }

    @Test
    void aHostNamespaceThatIsNotThere() {
        Preflight preflight = NetnsSandbox.builder(new LinuxProvider())
                .hostNamespace(Path.of("/run/netns/nosuch-" + pod))
                .preflight();
        assertStatus(preflight, "host-namespace", Status.FAILURE, "ENOENT");
        assertStatus(preflight, "rp-filter", Status.WARNING, "not checked: ");
        assertStatus(preflight, "veth", Status.OK);
    }
}
