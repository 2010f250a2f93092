package dev.openshell.netns.linux.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Landlock;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.report.MachineFacts.Logging;
import dev.openshell.netns.linux.report.MachineFacts.Logging.State;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The probe on a kernel that says what a test makes it say. */
class MachineFactsTest {
    private static final int HOST = 3;
    private static final int OWN = 4;

    private final Set<Object> open = new HashSet<>();
    private final List<String> changed = new ArrayList<>();
    private Optional<String> hostKey = Optional.empty();
    private Optional<String> ownKey = Optional.empty();
    private Consumer<String> restore = text -> {};
    private Runnable create = () -> {};
    private int next = 10;

    private final Kernel kernel = (Kernel) Proxy.newProxyInstance(
            Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                switch (method.getName()) {
                    case "landlock":
                        return Landlock.of(Landlock.State.BLOCKED, 0);
                    case "createNamespace":
                        create.run();
                        open.add(next);
                        return next++;
                    case "openNamespace":
                        open.add(OWN);
                        return OWN;
                    case "close":
                        assertThat(open.remove(arguments[0])).isTrue();
                        return null;
                    case "readSysctl":
                        assertThat(arguments[1]).isEqualTo("net/netfilter/nf_log_all_netns");
                        return arguments[0].equals(HOST) ? hostKey : ownKey;
                    case "restore":
                        assertThat(open).contains(arguments[0]).isNotEqualTo(Set.of(OWN));
                        changed.add(arguments[2] + " " + arguments[3]);
                        restore.accept(arguments[1] + " " + arguments[3]);
                        return null;
                    default:
                        throw new AssertionError(method + " is not expected");
                }
            });

    private MachineFacts facts() {
        return MachineFacts.of(kernel, HOST, IptablesVariant.LEGACY, Deadline.in(Duration.ofMinutes(1)));
    }

    private void refuse(String part) {
        restore = text -> {
            if (text.contains(part)) {
                throw new KernelException(0, "refused " + part + "\nsecond line", "none");
            }
        };
    }

    @AfterEach
    void allIsClosed() {
        assertThat(open).isEmpty();
    }

    @Test
    void whatLoadsIsAvailable() {
        hostKey = Optional.of("1");
        MachineFacts facts = facts();
        assertThat(facts.nflog().state()).isEqualTo(State.AVAILABLE);
        assertThat(facts.log()).isEqualTo(new Logging(State.AVAILABLE, "sysctl net/netfilter/nf_log_all_netns is 1"));
        assertThat(facts.variant()).contains(IptablesVariant.LEGACY);
        assertThat(facts.landlock()).isEqualTo(Landlock.of(Landlock.State.BLOCKED, 0));
        assertThat(changed)
                .hasSize(4)
                .allSatisfy(
                        text -> assertThat(text).startsWith("LEGACY *filter\n").endsWith("COMMIT\n"))
                .anySatisfy(text -> assertThat(text).contains("-A OUTPUT -j LOG\n"))
                .anySatisfy(text -> assertThat(text).contains("-A OUTPUT -j NFLOG --nflog-group 1\n"));
    }

    @Test
    void logIsSuppressedWhereTheKeySaysSo() {
        hostKey = Optional.of("0");
        assertThat(facts().log())
                .isEqualTo(new Logging(State.SUPPRESSED, "sysctl net/netfilter/nf_log_all_netns is 0"));
        assertThat(facts().nflog().state()).isEqualTo(State.AVAILABLE);
    }

    @Test
    void theKeyIsSoughtInTheThreadsNamespaceToo() {
        ownKey = Optional.of("1");
        assertThat(facts().log().state()).isEqualTo(State.AVAILABLE);
        ownKey = Optional.empty();
        assertThat(facts().log().state()).isEqualTo(State.SUPPRESSED);
        assertThat(facts().log().evidence()).contains("can't be seen from here");
    }

    @Test
    void aTargetThatIsRefusedIsUnavailable() {
        refuse("-j NFLOG");
        assertThat(facts().nflog()).isEqualTo(new Logging(State.UNAVAILABLE, "refused -j NFLOG"));
        assertThat(facts().log().state()).isEqualTo(State.SUPPRESSED);
        refuse("-j LOG");
        assertThat(facts().nflog().state()).isEqualTo(State.AVAILABLE);
        assertThat(facts().log()).isEqualTo(new Logging(State.UNAVAILABLE, "refused -j LOG"));
    }

    @Test
    void whereNothingCanBeLoadedNothingIsKnown() {
        refuse("IPV6");
        assertThat(facts().log()).isEqualTo(new Logging(State.UNKNOWN, "no rules could be loaded: refused IPV6"));
        create = () -> {
            throw new KernelException(Errno.EPERM, "unshare");
        };
        assertThat(facts().nflog()).isEqualTo(new Logging(State.UNKNOWN, "no namespace to try it in: EPERM unshare"));
    }

    @Test
    void aDeadlineIsTold() {
        restore = text -> {
            throw new NetnsException("run", "iptables", 0, "not done in time", "wait longer", null);
        };
        assertThatThrownBy(this::facts).isInstanceOf(NetnsException.class);
    }

    @Test
    void withoutPrivilegeNothingIsTried() {
        MachineFacts facts = MachineFacts.unprivileged(kernel);
        assertThat(facts.variant()).isEmpty();
        assertThat(facts.landlock().state()).isEqualTo(Landlock.State.BLOCKED);
        assertThat(facts.log().state()).isEqualTo(State.UNKNOWN);
        assertThat(facts.nflog().state()).isEqualTo(State.UNKNOWN);
        assertThat(facts.log().evidence()).contains("CAP_NET_ADMIN");
        assertThat(changed).isEmpty();
    }
}
