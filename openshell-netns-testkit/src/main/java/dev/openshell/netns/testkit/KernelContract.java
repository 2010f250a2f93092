package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every {@link Kernel} does, Linux itself or one that stands in for it. Subclass it and say which kernel and which
 * variant of iptables.
 *
 * @since 0.1
 */
public abstract class KernelContract extends NftablesContract {
    private static final int ENODEV = 19;
    private static final int ENETUNREACH = 101;
    private static final String RULES =
            """
            *filter
            :INPUT DROP [0:0]
            :FORWARD DROP [0:0]
            :OUTPUT DROP [0:0]
            :test-from - [0:0]
            -A OUTPUT -o lo -j ACCEPT
            -A OUTPUT -d 10.43.0.10/32 -o eth0 -p udp -m udp --dport 53 -m comment --comment "allowDns(10.43.0.10)" -j ACCEPT
            -A OUTPUT -p tcp -j REJECT --reject-with tcp-reset
            -A OUTPUT -j REJECT --reject-with icmp-port-unreachable
            -A test-from -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
            -A test-from -p tcp -m conntrack --ctstate NEW,ESTABLISHED --ctproto 6 --ctorigsrc 10.200.0.6 --ctorigdst 203.0.113.10 --ctorigdstport 443 --ctdir ORIGINAL -j ACCEPT
            COMMIT
            """;

    /** For subclasses. */
    protected KernelContract() {}

    /** Returns the kernel under test. */
    @Override
    protected abstract Kernel kernel();

    /** Returns the variant of iptables under test. */
    @Override
    protected abstract IptablesVariant variant();

    private static List<String> rules(String saved) {
        return saved.lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.replaceAll("\\[\\d+:\\d+]", "[0:0]"))
                .toList();
    }

    @Test
    void namespacesAreApart() {
        int other = kernel.createNamespace();
        try {
            assertThat(kernel.inode(other)).isNotEqualTo(kernel.inode(namespace));
            kernel.writeSysctl(namespace, "net/ipv4/conf/lo/forwarding", "1");
            assertThat(kernel.readSysctl(namespace, "net/ipv4/conf/lo/forwarding"))
                    .contains("1");
            assertThat(kernel.readSysctl(other, "net/ipv4/conf/lo/forwarding")).contains("0");
        } finally {
            kernel.close(other);
        }
    }

    @Test
    void whatIsSavedIsWhatWasRestored() {
        kernel.restore(namespace, Family.IPV4, variant(), RULES, false, soon());
        assertThat(rules(kernel.save(namespace, Family.IPV4, variant(), soon())))
                .containsExactlyElementsOf(RULES.lines().toList());
    }

    @Test
    void aTableIsLoadedWhollyOrNotAtAll() {
        kernel.restore(namespace, Family.IPV4, variant(), RULES, false, soon());
        String broken = "*filter\n-A OUTPUT -j ACCEPT\n-A NOSUCHCHAIN -j DROP\nCOMMIT\n";
        assertThatThrownBy(() -> kernel.restore(namespace, Family.IPV4, variant(), broken, true, soon()))
                .isInstanceOf(KernelException.class);
        assertThat(rules(kernel.save(namespace, Family.IPV4, variant(), soon())))
                .containsExactlyElementsOf(RULES.lines().toList());
    }

    @Test
    void keepingAddsAndDeclaringEmpties() {
        kernel.restore(namespace, Family.IPV4, variant(), RULES, false, soon());
        String more = "*filter\n:test-from - [0:0]\n-I OUTPUT 1 -j test-from\nCOMMIT\n";
        kernel.restore(namespace, Family.IPV4, variant(), more, true, soon());
        List<String> saved = rules(kernel.save(namespace, Family.IPV4, variant(), soon()));
        assertThat(saved).containsSubsequence("-A OUTPUT -j test-from", "-A OUTPUT -o lo -j ACCEPT");
        assertThat(saved).noneMatch(line -> line.startsWith("-A test-from"));
    }

    @Test
    void whatIsNotThereIsSaid() {
        assertThat(kernel.readSysctl(namespace, "net/ipv4/conf/nosuch/forwarding"))
                .isEmpty();
        assertThatThrownBy(() -> kernel.writeSysctl(namespace, "net/ipv4/conf/nosuch/forwarding", "1"))
                .isInstanceOfSatisfying(
                        KernelException.class, e -> assertThat(e.errno()).isEqualTo(ENOENT));
        assertThatThrownBy(() -> kernel.openNamespace(Optional.of(Path.of("/run/netns/nosuch-namespace"))))
                .isInstanceOfSatisfying(
                        KernelException.class, e -> assertThat(e.errno()).isEqualTo(ENOENT));
    }

    private List<Integer> errnos(int where, Request request) {
        return Answers.parse(request, kernel.netlink(where, request.toBytes())).failures().stream()
                .map(Answers.Failure::errno)
                .toList();
    }

    private Request veth(String name, int index, int peerNamespace) {
        byte[] mac = {2, 0, 0, 0, 0, (byte) index};
        byte[] peerMac = {2, 0, 0, 0, 1, (byte) index};
        return Rtnetlink.newVeth(
                new Rtnetlink.End(name, index, mac), new Rtnetlink.End("eth0", 1000, peerMac), peerNamespace);
    }

    @Test
    void aLinkIsMadeAcrossNamespacesAndCarriesAddressesAndRoutes() {
        int other = kernel.createNamespace();
        try {
            assertThat(errnos(namespace, veth("one", 4711, other))).isEmpty();
            assertThat(errnos(namespace, veth("one", 4712, other))).containsExactly(EEXIST);
            assertThat(errnos(namespace, veth("two", 4711, other))).containsExactly(EEXIST);
            assertThat(errnos(other, Rtnetlink.setUp(1000, "eth0", true))).isEmpty();
            assertThat(errnos(namespace, Rtnetlink.setUp(9999, "none", true))).containsExactly(ENODEV);
            InetAddress own = InetAddresses.forString("10.200.0.1");
            Request addresses = Rtnetlink.newAddress(4711, own, 30).and(Rtnetlink.newAddress(4711, own, 30));
            assertThat(errnos(namespace, addresses)).containsExactly(EEXIST);
            InetAddress gateway = InetAddresses.forString("10.200.0.2");
            assertThat(errnos(namespace, Rtnetlink.newDefaultRoute(4711, gateway)))
                    .containsExactly(ENETUNREACH);
            assertThat(errnos(namespace, Rtnetlink.setUp(4711, "one", true))).isEmpty();
            assertThat(errnos(namespace, Rtnetlink.newDefaultRoute(4711, InetAddresses.forString("203.0.113.1"))))
                    .containsExactly(ENETUNREACH);
            assertThat(errnos(namespace, Rtnetlink.newDefaultRoute(4711, gateway)))
                    .isEmpty();
            assertThat(errnos(namespace, Rtnetlink.newDefaultRoute(4711, gateway)))
                    .containsExactly(EEXIST);
            Request route = Rtnetlink.getRoute(InetAddresses.forString("203.0.113.10"));
            assertThat(Answers.parse(route, kernel.netlink(namespace, route.toBytes()))
                            .outgoing())
                    .containsExactly(OptionalInt.of(4711));
            Request links = Rtnetlink.dumpLinks();
            assertThat(Answers.parse(links, kernel.netlink(namespace, links.toBytes()))
                            .links())
                    .extracting(Answers.Link::name)
                    .containsExactlyInAnyOrder("lo", "one");
            assertThat(errnos(namespace, Rtnetlink.getRoute(InetAddresses.forString("2001:db8::1"))))
                    .containsExactly(ENETUNREACH);
            assertThat(errnos(other, Rtnetlink.getRoute(InetAddresses.forString("203.0.113.10"))))
                    .containsExactly(ENETUNREACH);
        } finally {
            kernel.close(other);
        }
    }

    @Test
    void aNamespaceGoesWithItsLastDescriptorAndItsLinksGoWithIt() {
        int other = kernel.createNamespace();
        assertThat(errnos(namespace, veth("one", 4711, other))).isEmpty();
        int same = kernel.openNamespace(Optional.of(Path.of("/proc/self/fd/" + other)));
        kernel.close(other);
        assertThat(kernel.readSysctl(namespace, "net/ipv4/conf/one/forwarding")).isPresent();
        assertThat(kernel.readSysctl(same, "net/ipv4/conf/eth0/forwarding")).isPresent();
        kernel.close(same);
        Deadline deadline = soon();
        while (kernel.readSysctl(namespace, "net/ipv4/conf/one/forwarding").isPresent()) {
            deadline.sleep(Duration.ofMillis(5), "wait for", "the link to go");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense\n",
                "*filter\n-A INPUT -j DROP\n",
                "*filter\n-A NOSUCH -j DROP\nCOMMIT\n",
                "*nosuchtable\nCOMMIT\n",
                "*filter\n-A INPUT -j NOSUCH\nCOMMIT\n",
                "*filter\n*filter\nCOMMIT\n",
                "*filter\n:INPUT BAD [0:0]\nCOMMIT\n",
                "*filter\n:u - [0:0]\n-A u -j u\n-A INPUT -j u\nCOMMIT\n",
                "*filter\n-A INPUT -p tcp -m tcp --dport 70000 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT --dport 70 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT -s 10.0.0.0/33 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT -j DROP -j ACCEPT\nCOMMIT\n",
                "*filter\n-A OUTPUT -i eth0 -j DROP\nCOMMIT\n",
                "*filter\n-A INPUT -p udp -j REJECT --reject-with tcp-reset\nCOMMIT\n",
                "*nat\n-A PREROUTING -j MASQUERADE\nCOMMIT\n",
                "*filter\n-D INPUT -j ACCEPT\nCOMMIT\n",
                "*filter\n-I INPUT 7 -j ACCEPT\nCOMMIT\n",
                "*filter\n-A INPUT ! -j DROP\nCOMMIT\n",
                "*filter\n-A IN\0PUT -j DROP\nCOMMIT\n",
            })
    void whatTheToolRefusesChangesNothing(String text) {
        kernel.restore(namespace, Family.IPV4, variant(), RULES, false, soon());
        assertThatThrownBy(() -> kernel.restore(namespace, Family.IPV4, variant(), text, true, soon()))
                .isInstanceOf(KernelException.class);
        assertThat(rules(kernel.save(namespace, Family.IPV4, variant(), soon())))
                .containsSequence(RULES.lines().toList());
    }

    @Test
    void aVeryLongLineIsNoRule() {
        String list = "10.43.0.10,".repeat(9_000) + "10.43.0.11";
        String text = "*filter\n-A INPUT -s " + list + " -j DROP\nCOMMIT\n";
        assertThatThrownBy(() -> kernel.restore(namespace, Family.IPV4, variant(), text, true, soon()))
                .isInstanceOf(KernelException.class);
    }

    @Test
    void eachFamilyHasRulesOfItsOwn() {
        String six = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n"
                + "-A OUTPUT -d 2001:db8::10/128 -p tcp -m tcp --dport 443 -j ACCEPT\n"
                + "-A OUTPUT -j REJECT --reject-with icmp6-port-unreachable\nCOMMIT\n";
        kernel.restore(namespace, Family.IPV6, variant(), six, false, soon());
        assertThat(rules(kernel.save(namespace, Family.IPV6, variant(), soon())))
                .containsExactlyElementsOf(six.lines().toList());
        assertThat(rules(kernel.save(namespace, Family.IPV4, variant(), soon())))
                .noneMatch(line -> line.startsWith("-A"));
        assertThat(kernel.iptables(namespace, IptablesVariant.AUTO, soon())).isEqualTo(variant());
    }

    @Test
    void switchingForwardingOnIsSeenWhereLinuxShowsIt() {
        kernel.writeSysctl(namespace, "net/ipv4/conf/lo/forwarding", "2");
        assertThat(kernel.readSysctl(namespace, "net/ipv4/conf/lo/forwarding")).contains("2");
        kernel.writeSysctl(namespace, "net/ipv4/ip_forward", "1");
        assertThat(kernel.readSysctl(namespace, "net/ipv4/conf/lo/forwarding")).contains("1");
        assertThat(kernel.readSysctl(namespace, "net/ipv4/conf/all/forwarding")).contains("1");
        assertThatThrownBy(() -> kernel.writeSysctl(namespace, "net/ipv4/ip_forward", "x"))
                .isInstanceOfSatisfying(
                        KernelException.class, e -> assertThat(e.errno()).isEqualTo(EINVAL));
        kernel.writeSysctl(namespace, "net/ipv6/conf/all/disable_ipv6", "1");
        assertThat(kernel.readSysctl(namespace, "net/ipv6/conf/lo/disable_ipv6"))
                .contains("1");
    }

    @Test
    void aLockExcludesTheNextHolderUntilItIsReleased() {
        try (Kernel.Lock lock = kernel.lock(namespace, soon())) {
            assertThat(lock).isNotNull();
            assertThatThrownBy(() -> kernel.lock(namespace, Deadline.in(Duration.ofMillis(50))))
                    .isInstanceOf(NetnsException.class)
                    .hasMessageContaining("lock");
        }
        kernel.lock(namespace, soon()).close();
    }

    @Test
    void aCallRunsInsideAndReturnsItsResult() throws Exception {
        assertThat(kernel.<String>call(namespace, () -> "done")).isEqualTo("done");
        assertThatThrownBy(() -> kernel.call(namespace, () -> {
                    throw new java.io.IOException("its own");
                }))
                .isInstanceOf(java.io.IOException.class);
        kernel.requireNoThreadInside(kernel.inode(namespace));
    }
}
