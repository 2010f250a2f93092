package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.HostResolver;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsProvider;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.testkit.net.Netns;
import dev.openshell.netns.testkit.packet.Header;
import dev.openshell.netns.testkit.packet.Ip;
import dev.openshell.netns.testkit.packet.Skb;
import dev.openshell.netns.testkit.path.End;
import dev.openshell.netns.testkit.path.Journey;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** A sandbox on a fake kernel, with the direct reading of its policy beside it. */
record Opened(FakeKernel kernel, NetnsSandbox sandbox, Reading reading, Netns inside) implements AutoCloseable {
    private static final String OPEN =
            "*raw\nCOMMIT\n*mangle\nCOMMIT\n*nat\nCOMMIT\n*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n";

    /** A host whose other rules let everything through: whatever is denied is denied by the sandbox's own. */
    static FakeKernel host() {
        return host(patient());
    }

    /** The same, where limits go by {@code clock}. */
    static FakeKernel host(InstantSource clock) {
        return open(FakeKernel.builder().clock(clock).build());
    }

    /** A clock that gives whoever asks it so much time that no rate is ever reached. */
    private static InstantSource patient() {
        AtomicLong asked = new AtomicLong();
        return () -> Instant.ofEpochSecond(asked.incrementAndGet());
    }

    /** The same with a kernel before Linux 6.17, where IPv6 forwards on all interfaces or on none. */
    static FakeKernel older() {
        return open(
                FakeKernel.builder().withoutForceForwarding().clock(patient()).build());
    }

    /** The same of a host that translates destinations, one of them to behind another uplink. */
    static FakeKernel translating() {
        return translating(FakeKernel.builder()
                .uplink("eth0", "198.51.100.2/24", "2001:db8::2/64")
                .uplink("eth1", "10.43.1.2/24", "2001:db8:1::2/64"));
    }

    /** The same where all that it translates to is behind the one uplink: not all backends read the rules of others. */
    static FakeKernel translatingNear() {
        return translating(FakeKernel.builder());
    }

    private static FakeKernel translating(FakeWorld.Builder world) {
        FakeKernel kernel = open(world.clock(patient()).build());
        rulesOfOthers(
                kernel,
                Family.IPV4,
                "*nat\n-A PREROUTING ! -d 10.200.0.0/16 -p udp -m udp --dport 53 -j DNAT"
                        + " --to-destination 10.43.1.53:5353\n"
                        + "-A PREROUTING ! -d 10.200.0.0/16 -p tcp -m tcp --dport 443 -j DNAT"
                        + " --to-destination 198.51.100.77:8443\nCOMMIT\n");
        rulesOfOthers(
                kernel,
                Family.IPV6,
                "*nat\n-A PREROUTING -p udp -m udp --dport 53 -j DNAT --to-destination [2001:db8:1::53]:5353\n"
                        + "-A PREROUTING -p tcp -m tcp --dport 443 -j DNAT --to-destination [2001:db8::77]:8443\n"
                        + "COMMIT\n");
        return kernel;
    }

    private static FakeKernel open(FakeKernel kernel) {
        for (Family family : Family.values()) {
            rulesOfOthers(
                    kernel, family, "*filter\n-A INPUT -j ACCEPT\n-A FORWARD -j ACCEPT\n-A OUTPUT -j ACCEPT\nCOMMIT\n");
        }
        return kernel;
    }

    /** What another program on the host loads beside the rules that are there. */
    static void rulesOfOthers(FakeKernel kernel, Family family, String text) {
        FakeMachine machine = kernel.machine();
        machine.stack(machine.host()).ruleset(family, IptablesVariant.NFT).restore(text, true);
    }

    /** The same of a host that is a router already, so that nothing guards its uplink. */
    static FakeKernel router() {
        FakeKernel kernel = host();
        kernel.machine().host().writeSysctl("net/ipv4/ip_forward", "1");
        kernel.machine().host().writeSysctl("net/ipv6/conf/all/forwarding", "1");
        return kernel;
    }

    /** Makes providers; mutants put another planner in. */
    interface Providers {
        NetnsProvider of(FakeKernel kernel, HostResolver names);
    }

    /** Any name has one address of each family, made from its letters. */
    static List<InetAddress> resolve(String name) {
        byte[] letters = Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), 64);
        int hash = Arrays.hashCode(letters);
        return List.of(
                Ip.parse("203.0.113.0")
                        .plus((hash & 0xff) == 0 ? 1 : hash & 0xff)
                        .toInetAddress(),
                Ip.parse("2001:db8:77::").plus(1 + (hash >>> 8 & 0xffff)).toInetAddress());
    }

    static Opened of(FakeKernel kernel, SandboxPolicy policy, Providers providers) {
        NetnsSandbox sandbox = providers.of(kernel, Opened::resolve).apply(policy);
        VethPair veth = sandbox.veth();
        long inode = sandbox.namespace().inode();
        Netns inside = kernel.machine().namespaces().stream()
                .filter(netns -> netns.inode() == inode)
                .findFirst()
                .orElseThrow();
        return new Opened(kernel, sandbox, new Reading(policy, Opened::resolve, veth), inside);
    }

    /** What root inside would do first; what is returned puts back the tables that are not iptables'. */
    static Runnable flush(FakeKernel kernel, Netns netns) {
        rules(kernel, netns, Family.IPV4, OPEN);
        rules(kernel, netns, Family.IPV6, OPEN);
        return kernel.machine().stack(netns).nftables().flush();
    }

    static void rules(FakeKernel kernel, Netns netns, Family family, String text) {
        kernel.machine().stack(netns).ruleset(family, IptablesVariant.NFT).restore(text, false);
        kernel.machine().stack(netns).ruleset(family, IptablesVariant.LEGACY).restore(OPEN, false);
    }

    void flush() {
        flush(kernel, inside);
    }

    Set<Ip> sources() {
        Set<Ip> own = new LinkedHashSet<>();
        for (Family family : Family.values()) {
            sandbox.veth().sandboxAddress(family).ifPresent(address -> own.add(Ip.of(address)));
        }
        return own;
    }

    Journey send(Header header) {
        return kernel.machine().send(inside, new Skb(header));
    }

    /** Lines of a state that only one of the two has. */
    static List<String> difference(List<String> before, List<String> after) {
        List<String> lines = new ArrayList<>();
        after.stream().filter(line -> !before.contains(line)).forEach(line -> lines.add("left " + line));
        before.stream().filter(line -> !after.contains(line)).forEach(line -> lines.add("took " + line));
        if (lines.isEmpty() && !before.equals(after)) {
            lines.add("another order or number of lines");
        }
        return lines;
    }

    /** Lines of the kernel's state that name the sandbox's link. */
    List<String> traces() {
        String link = reading.veth().hostInterface();
        return kernel.state().stream().filter(line -> line.contains(link)).toList();
    }

    /** Whether it got out of the sandbox: onto a wire, or to a socket of another namespace. */
    static boolean leaves(Journey journey, Netns inside) {
        return (journey.end() == End.LEFT || journey.end() == End.DELIVERED) && journey.namespace() != inside.inode();
    }

    @Override
    public void close() {
        sandbox.close();
    }
}
