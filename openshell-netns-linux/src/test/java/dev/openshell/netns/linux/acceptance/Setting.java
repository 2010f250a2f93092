package dev.openshell.netns.linux.acceptance;

import dev.openshell.netns.Backend;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsSandbox;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The main case, in each kind of pod and with each variant of iptables. */
record Setting(PodWorld.Variant variant, IptablesVariant iptables, Backend backend) {
    Setting(PodWorld.Variant variant, IptablesVariant iptables) {
        this(variant, iptables, Backend.IPTABLES);
    }

    /** What the operator of the pod sets. */
    static final Map<String, String> ENVIRONMENT = Map.of(
            "OPENSHELL_DNS_SERVER",
            PodWorld.DNS,
            "OPENSHELL_DIRECT_TCP_HOSTS",
            "wss-primary.slack.example,db.internal:5432");

    static Stream<Setting> all() {
        return Stream.of(
                new Setting(PodWorld.Variant.PLAIN, IptablesVariant.NFT),
                new Setting(PodWorld.Variant.PLAIN, IptablesVariant.LEGACY),
                new Setting(PodWorld.Variant.DNS_SERVICE, IptablesVariant.NFT),
                new Setting(PodWorld.Variant.DNS_SERVICE, IptablesVariant.LEGACY),
                new Setting(PodWorld.Variant.HOST_SERVICE, IptablesVariant.AUTO),
                new Setting(PodWorld.Variant.PLAIN, IptablesVariant.NFT, Backend.NFTABLES),
                new Setting(PodWorld.Variant.DNS_SERVICE, IptablesVariant.NFT, Backend.NFTABLES));
    }

    static Stream<Setting> plain() {
        return all().filter(setting -> setting.variant == PodWorld.Variant.PLAIN);
    }

    /** Those that load rules with iptables, for what its programs and its text alone have. */
    static Stream<Setting> plainIptables() {
        return plain().filter(setting -> !setting.isNft());
    }

    /** Returns whether rules are loaded into tables of this library's own. */
    boolean isNft() {
        return backend == Backend.NFTABLES;
    }

    /** Returns what a JVM of its own is told, see {@link #told}. */
    String word() {
        return isNft() ? backend.name() : iptables.name();
    }

    /** Returns what {@code builder} is with what {@link #word()} says. */
    static NetnsSandbox.Builder told(NetnsSandbox.Builder builder, String word) {
        return word.equals(Backend.NFTABLES.name())
                ? builder.backend(Backend.NFTABLES)
                : builder.iptables(IptablesVariant.valueOf(word));
    }

    PodWorld open() {
        return PodWorld.open(variant, tool());
    }

    String tool() {
        return iptables == IptablesVariant.LEGACY ? "iptables-legacy" : "iptables-nft";
    }

    /** Returns a builder that allows nothing yet. */
    NetnsSandbox.Builder builder(PodWorld world) {
        return NetnsSandbox.builder()
                .hostNamespace(world.podPath())
                .resolvConf(world.resolvConf())
                .backend(backend)
                .iptables(iptables);
    }

    /** Returns a builder of the main case. */
    NetnsSandbox.Builder mainCase(PodWorld world) {
        return builder(world).proxy(PodWorld.PROXY_PORT).fromEnvironment(ENVIRONMENT);
    }

    /** Applies the main case. */
    NetnsSandbox apply(PodWorld world) {
        return mainCase(world).apply();
    }

    /** Returns what works inside, but for the proxy. */
    static List<String> allowed() {
        return List.of(
                "dns udp 10.43.0.10 wss-primary.slack.example A",
                "dns tcp 10.43.0.10 wss-primary.slack.example A",
                "dns tcp 10.43.0.10 unlisted.example A",
                "getaddrinfo wss-primary.slack.example",
                "getaddrinfo db.internal",
                "tcp 203.0.113.10 443",
                "tcp 203.0.113.11 443",
                "tcp 203.0.113.12 5432");
    }

    /** Returns the flows that {@link #allowed()} makes, as they leave the pod. */
    Set<String> flows() {
        String resolver = variant == PodWorld.Variant.DNS_SERVICE ? PodWorld.BACKEND : PodWorld.DNS;
        String listed = variant == PodWorld.Variant.HOST_SERVICE ? "10.43.9.9 8443" : "203.0.113.10 443";
        return new TreeSet<>(List.of(
                "17 198.51.100.2 > " + resolver + " 53 by uplink",
                "6 198.51.100.2 > " + resolver + " 53 by uplink",
                "6 198.51.100.2 > " + listed + " by uplink",
                "6 198.51.100.2 > 203.0.113.11 443 by uplink",
                "6 198.51.100.2 > 203.0.113.12 5432 by uplink"));
    }

    /** Returns probes that get through from the pod and must not from inside. */
    List<String> refused(NetnsSandbox sandbox) {
        List<String> probes = new ArrayList<>(List.of(
                "tcp 203.0.113.10 80",
                "tcp 203.0.113.12 443",
                "tcp 203.0.113.10 5432",
                "tcp 203.0.113.66 443",
                "tcp 203.0.113.66 53",
                "udp 203.0.113.66 53",
                "udp 203.0.113.10 443",
                "udp 203.0.113.10 123",
                "udp 203.0.113.66 123",
                "dns udp 10.43.0.11 db.internal A",
                "dns tcp 10.43.0.11 db.internal A",
                "tcp 10.43.1.3 80",
                "tcp 198.51.100.1 443",
                "tcp 169.254.169.254 80",
                "udp 169.254.169.254 53",
                "ping 203.0.113.10",
                "raw 1 203.0.113.10",
                "raw 47 203.0.113.10",
                "raw 132 203.0.113.10",
                "raw 253 203.0.113.10",
                "header 17 198.51.100.77 203.0.113.10",
                "frame eth0",
                "tcp 2001:db8:2::10 443",
                "udp 2001:db8:2::10 443",
                "udp 2001:db8:2::66 53",
                "ping 2001:db8:2::10",
                "raw 58 2001:db8:2::10",
                "raw 253 2001:db8:2::10",
                "tcp 2001:db8:1::2 80"));
        if (variant == PodWorld.Variant.DNS_SERVICE) {
            probes.addAll(List.of("dns udp 10.43.9.9 db.internal A", "dns tcp 10.43.9.9 db.internal A"));
        } else {
            probes.addAll(List.of("tcp 10.43.0.10 80", "udp 10.43.0.10 123", "tcp 10.43.9.9 8443"));
        }
        String end = host(sandbox);
        for (String own : List.of(end, PodWorld.POD, PodWorld.POD_ON_LAN)) {
            PodWorld.TCP_PORTS.forEach(port -> probes.add("tcp " + own + " " + port));
            PodWorld.UDP_PORTS.forEach(port -> probes.add("udp " + own + " " + port));
            probes.addAll(List.of("tcp " + own + " 53", "udp " + own + " 53", "ping " + own));
        }
        return probes;
    }

    /** Returns the address of the host end of {@code sandbox}'s link. */
    static String host(NetnsSandbox sandbox) {
        return sandbox.veth().hostAddress().getHostAddress();
    }

    /** Returns the address inside. */
    static String inside(NetnsSandbox sandbox) {
        return sandbox.veth().sandboxAddress().getHostAddress();
    }

    /** Returns the probes of {@code world}, run inside {@code sandbox} by processes that it starts. */
    static Probes probes(PodWorld world, NetnsSandbox sandbox) {
        return Probes.at(world, Probes.place(sandbox::start));
    }

    /** Returns the probes of {@code world}, run in {@code namespace} with all the privilege of the machine's root. */
    static Probes privileged(PodWorld world, Path namespace) {
        return Probes.at(world, (input, command) -> Shell.feed(input, nsenter(namespace, command)));
    }

    /** Returns {@code command} as it is run in {@code namespace} from outside. */
    static String[] nsenter(Path namespace, String... command) {
        List<String> all = new ArrayList<>(List.of("nsenter", "--net=" + namespace));
        all.addAll(List.of(command));
        return all.toArray(String[]::new);
    }

    @Override
    public String toString() {
        return variant + " " + (backend == Backend.IPTABLES ? iptables : backend);
    }
}
