package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsSandbox;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Root inside can't take the rules away; and if the namespace's own were gone, the host end holds alone. */
@Tag("real-kernel")
@Tag("kernel-only")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RootInsideIT {
    /** Longer than any answer in this world takes. */
    private static final Duration DROPPED = Duration.ofMillis(800);

    /** Root outside can do these. */
    private static final List<String> ADMINISTRATION = List.of(
            "sh iptables -F",
            "sh iptables -P OUTPUT ACCEPT",
            "sh iptables-legacy -F",
            "sh iptables-legacy -P OUTPUT ACCEPT",
            "sh iptables-nft -F",
            "sh ip6tables -F",
            "sh ip6tables-legacy -F",
            "sh nft flush ruleset",
            "sh nft add table inet mine",
            "sh nsenter -t " + ProcessHandle.current().pid() + " -n true",
            "sh ip address add 198.51.100.77/32 dev eth0",
            "sh ip route add 192.168.0.0/16 dev lo",
            "sh ip link set eth0 mtu 1400",
            "sh ip neighbour replace 10.200.77.77 lladdr 02:00:00:00:00:07 dev eth0",
            "sh tc qdisc add dev eth0 clsact",
            "sh echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6",
            "sh echo 0 0 > /proc/sys/net/ipv4/ping_group_range",
            "sh unshare --net true",
            "sh unshare --mount true",
            "sh mount -t tmpfs none /mnt && umount /mnt");

    /** Ways around it: into a user namespace, where one is root again, and back; or by way of the first process. */
    private static final List<String> ESCALATION = List.of(
            "sh nsenter -t 1 -n true",
            "sh unshare -Ur iptables -F",
            "sh unshare -Ur iptables-legacy -F",
            "sh unshare -Ur nft flush ruleset",
            "sh unshare -Ur ip address add 198.51.100.77/32 dev eth0",
            "sh unshare -Ur ping -c1 -W1 203.0.113.10",
            "sh unshare -Urm umount /proc/sys",
            "sh unshare -Urm mount -o remount,rw /proc/sys",
            "sh unshare -Urmpf --mount-proc true",
            "sh unshare -Ur nsenter -t 1 -n true",
            "sh mount -o remount,rw /proc/sys",
            "sh umount /proc/sys",
            "from 198.51.100.77 udp 10.43.0.10 53",
            "from 198.51.100.77 tcp 203.0.113.10 443");

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void rootInsideChangesNothing(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.apply(world)) {
            Path path = sandbox.namespace().path();
            PodState inside = PodState.of(path);
            PodState pod = world.snapshot();
            Probes probes = Setting.probes(world, sandbox);
            List<String> attempts = new ArrayList<>(ADMINISTRATION);
            attempts.addAll(ESCALATION);
            attempts.add("sh nsenter --net=" + world.podPath() + " true");
            attempts.add("sh ip netns exec " + world.pod() + " true");
            world.capture().take();

            assertThat(probes.reached(Probes.PATIENCE, attempts)).isEmpty();
            assertThat(PodState.of(path).lines()).containsExactlyElementsOf(inside.lines());
            assertThat(world.snapshot().lines()).containsExactlyElementsOf(pod.lines());
            assertThat(probes.reached(Probes.PATIENCE, setting.refused(sandbox)))
                    .isEmpty();
            assertThat(world.capture().take()).isEmpty();
            assertThat(world.listeners().take()).isEmpty();
            assertThat(probes.reached(Probes.PATIENCE, Setting.allowed()))
                    .hasSize(Setting.allowed().size());
            Probes outside = Probes.at(world, world::feedInNeighbour);
            assertThat(ADMINISTRATION.stream().map(outside::one))
                    .filteredOn(outcome -> !outcome.ok())
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void theHostEndHoldsAlone(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.apply(world);
                NetnsSandbox other = setting.apply(world);
                Listeners proxy = world.listenInPod("tcp", Setting.host(sandbox), PodWorld.PROXY_PORT);
                Listeners otherProxy = world.listenInPod("tcp", Setting.host(other), PodWorld.PROXY_PORT);
                Listeners otherOpen = world.listen(other::start, List.of("-/tcp/0.0.0.0/80", "-/udp/0.0.0.0/53"))) {
            open(sandbox.namespace().path());
            open(other.namespace().path());
            List<String> refused = setting.refused(sandbox);
            refused.add("tcp " + Setting.inside(other) + " 80");
            refused.add("udp " + Setting.inside(other) + " 53");
            refused.add("tcp " + Setting.host(other) + " 3128");
            Probes inside = Setting.probes(world, sandbox);
            Probes root = Setting.privileged(world, sandbox.namespace().path());
            world.capture().take();

            // What is only sent is "reached" already; whether it got anywhere is for the capture to say.
            List<String> sent = List.of("sent", "bound");
            assertThat(inside.all(DROPPED, refused).values())
                    .filteredOn(Probes.Outcome::ok)
                    .isEmpty();
            assertThat(root.all(DROPPED, refused).values())
                    .filteredOn(outcome -> outcome.ok() && !sent.contains(outcome.detail()))
                    .isEmpty();
            assertThat(world.capture().take()).isEmpty();
            assertThat(world.listeners().take()).isEmpty();
            assertThat(otherOpen.take()).isEmpty();
            assertThat(otherProxy.take()).isEmpty();

            assertThat(inside.reached(Probes.PATIENCE, Setting.allowed()))
                    .hasSize(Setting.allowed().size());
            assertThat(inside.one("tcp " + Setting.host(sandbox) + " 3128").ok())
                    .isTrue();
            assertThat(world.capture().takeFlows()).isEqualTo(new TreeSet<>(setting.flows()));
            assertThat(proxy.take()).hasSize(1);
            assertThat(root.one("frame eth0").ok())
                    .as("there is no confinement from outside")
                    .isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void anErrorAboutAnAllowedFlowStaysInside(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.apply(world)) {
            open(sandbox.namespace().path());
            Probes root = Setting.privileged(world, sandbox.namespace().path());
            Probes pod = Probes.at(world, world::feedInPod);
            // The resolver answers in turn: once the last answer is there, the first has met a closed port.
            String lookUp = "dns udp 10.43.0.10 db.internal A";
            // The pod first: behind it the sandbox's flow has the very port that this one has.
            String own = "inject eth0 " + PodWorld.POD + " 10.43.0.10";
            String resolver = setting.variant() == PodWorld.Variant.DNS_SERVICE ? PodWorld.BACKEND : PodWorld.DNS;
            assertThat(pod.one(own.replace(PodWorld.DNS, resolver)).detail()).isEqualTo("sent");
            assertThat(pod.one(lookUp).ok()).isTrue();
            assertThat(world.capture().takeFlows()).anyMatch(flow -> flow.startsWith("1 198.51.100.2 > " + resolver));

            assertThat(root.one(lookUp).ok()).isTrue();
            world.capture().take();
            assertThat(root.one("inject eth0 " + Setting.inside(sandbox) + " 10.43.0.10")
                            .detail())
                    .isEqualTo("sent");
            assertThat(root.one(lookUp).ok()).isTrue();
            assertThat(world.capture().takeFlows()).singleElement().isIn(setting.flows());
            assertThat(Shell.must(Setting.nsenter(sandbox.namespace().path(), "cat", "/proc/net/snmp")))
                    .as("the error was made")
                    .containsPattern("IcmpMsg: .*OutType3");
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void noSourceButTheSandboxesOwnPassesTheHostEnd(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.apply(world);
                NetnsSandbox other = setting.apply(world);
                Listeners proxy = world.listenInPod("tcp", Setting.host(sandbox), PodWorld.PROXY_PORT)) {
            Path path = sandbox.namespace().path();
            open(path);
            Probes root = Setting.privileged(world, path);
            List<String> spoofed = new ArrayList<>();
            List<String> foreign =
                    List.of("198.51.100.77", "10.43.1.3", "10.200.255.253", Setting.inside(other), "203.0.113.66");
            for (String source : foreign) {
                Shell.must(Setting.nsenter(path, "ip", "address", "add", source + "/32", "dev", "eth0"));
                for (String target : List.of("udp 10.43.0.10 53", "tcp 203.0.113.10 443", "tcp 203.0.113.12 5432")) {
                    spoofed.add("from " + source + " " + target);
                }
                spoofed.add("from " + source + " tcp " + Setting.host(sandbox) + " 3128");
                spoofed.add("inject eth0 " + source + " 10.43.0.10");
                spoofed.add("header 17 " + source + " 203.0.113.10");
                spoofed.add("header 6 " + source + " 203.0.113.10");
            }
            spoofed.add("inject eth0 " + PodWorld.POD + " 10.43.0.10");
            spoofed.add("inject eth0 " + Setting.inside(sandbox) + " 10.43.0.11");
            world.capture().take();

            assertThat(root.all(DROPPED, spoofed).values())
                    .filteredOn(outcome -> outcome.ok() && !outcome.detail().equals("sent"))
                    .isEmpty();
            assertThat(world.capture().take()).isEmpty();
            assertThat(world.listeners().take()).isEmpty();
            assertThat(proxy.take()).isEmpty();

            String own = "inject eth0 " + Setting.inside(sandbox) + " 10.43.0.10";
            assertThat(root.one(own).detail()).isEqualTo("sent");
            assertThat(world.capture().takeFlows()).hasSize(1).isSubsetOf(setting.flows());
            assertThat(root.one("from " + Setting.inside(sandbox) + " tcp " + Setting.host(sandbox) + " 3128")
                            .ok())
                    .isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void ipv6SwitchedOnFromOutsideGetsNoFurtherThanTheLink(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.apply(world)) {
            Path path = sandbox.namespace().path();
            open(path);
            String hardware = world.mustInPod(
                            "cat", "/sys/class/net/" + sandbox.veth().hostInterface() + "/address")
                    .trim();
            for (String command : List.of(
                    "ip address add 2001:db8:99::2/64 dev eth0 nodad",
                    "ip neighbour replace 2001:db8:99::1 lladdr " + hardware + " dev eth0",
                    "ip route add default via 2001:db8:99::1")) {
                Shell.must(Setting.nsenter(path, command.split(" ")));
            }
            Probes root = Setting.privileged(world, path);
            List<String> probes = List.of(
                    "tcp 2001:db8:2::10 443",
                    "udp 2001:db8:2::10 443",
                    "raw 253 2001:db8:2::10",
                    "raw 58 2001:db8:2::10",
                    "tcp 2001:db8:1::2 80",
                    "udp 2001:db8:1::2 53",
                    "tcp 2001:db8:3::3 80");
            world.capture().take();
            assertThat(root.all(DROPPED, probes).values())
                    .filteredOn(outcome -> outcome.ok() && !outcome.detail().equals("sent"))
                    .isEmpty();
            assertThat(world.capture().take()).isEmpty();
            assertThat(world.listeners().take()).isEmpty();
            assertThat(Shell.must(Setting.nsenter(path, "cat", "/proc/net/snmp6")))
                    .as("they were sent")
                    .containsPattern("Ip6OutRequests\\s+[1-9]");
        }
    }

    /** Takes every rule and restriction away that the namespace at {@code path} has of its own. */
    private static void open(Path path) {
        for (String tool : List.of("iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy")) {
            for (String chain : List.of("INPUT", "FORWARD", "OUTPUT")) {
                Shell.must(Setting.nsenter(path, tool, "-w", "-P", chain, "ACCEPT"));
            }
            for (String table : List.of("filter", "nat", "mangle", "raw")) {
                Shell.must(Setting.nsenter(path, tool, "-w", "-t", table, "-F"));
            }
        }
        Shell.must(Setting.nsenter(path, "nft", "flush", "ruleset"));
        Shell.must(Setting.nsenter(
                path,
                "sysctl",
                "-q",
                "-w",
                "net.ipv6.conf.all.disable_ipv6=0",
                "net.ipv6.conf.eth0.disable_ipv6=0",
                "net.ipv6.conf.lo.disable_ipv6=0",
                "net.ipv4.ping_group_range=0 0"));
    }
}
