package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Kernel} does, Linux itself or one that stands in for it. Subclass it and say which kernel and which
 * variant of iptables.
 *
 * @since 0.1
 */
public abstract class KernelContract {
    private static final int ENOENT = 2;
    private static final String RULES =
            """
            *filter
            :INPUT DROP [0:0]
            :FORWARD DROP [0:0]
            :OUTPUT DROP [0:0]
            :osh-test-from - [0:0]
            -A OUTPUT -o lo -j ACCEPT
            -A OUTPUT -d 10.43.0.10/32 -o eth0 -p udp -m udp --dport 53 -m comment --comment "allowDns(10.43.0.10)" -j ACCEPT
            -A OUTPUT -p tcp -j REJECT --reject-with tcp-reset
            -A OUTPUT -j REJECT --reject-with icmp-port-unreachable
            -A osh-test-from -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
            -A osh-test-from -p tcp -m conntrack --ctstate NEW,ESTABLISHED --ctproto 6 --ctorigsrc 10.200.0.6 --ctorigdst 203.0.113.10 --ctorigdstport 443 --ctdir ORIGINAL -j ACCEPT
            COMMIT
            """;

    private Kernel kernel;
    private int namespace;

    /** For subclasses. */
    protected KernelContract() {}

    /** Returns the kernel under test. */
    protected abstract Kernel kernel();

    /** Returns the variant of iptables under test. */
    protected abstract IptablesVariant variant();

    @BeforeEach
    void create() {
        kernel = kernel();
        namespace = kernel.createNamespace();
    }

    @AfterEach
    void close() {
        kernel.close(namespace);
    }

    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(20));
    }

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
        String more = "*filter\n:osh-test-from - [0:0]\n-I OUTPUT 1 -j osh-test-from\nCOMMIT\n";
        kernel.restore(namespace, Family.IPV4, variant(), more, true, soon());
        List<String> saved = rules(kernel.save(namespace, Family.IPV4, variant(), soon()));
        assertThat(saved).containsSubsequence("-A OUTPUT -j osh-test-from", "-A OUTPUT -o lo -j ACCEPT");
        assertThat(saved).noneMatch(line -> line.startsWith("-A osh-test-from"));
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
