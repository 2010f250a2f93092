package dev.openshell.netns.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.base.Owner;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The part of {@link KernelContract} that is about what belongs to whom, and what others do to rules. */
abstract class OwnershipContract extends FlowContract {
    static final int ENOENT = 2;
    static final int EEXIST = 17;
    private static final String RULE = "*filter\n-A OUTPUT -d 203.0.113.10/32 -j DROP\nCOMMIT\n";

    private Path name() {
        return Path.of(
                "/run/netns", "kernel-contract-" + ProcessHandle.current().pid() + "-" + variant());
    }

    @Test
    void aNamespaceIsPublishedOnce() {
        Path path = name();
        kernel.publish(namespace, path, "note");
        try {
            int again = kernel.openNamespace(Optional.of(path));
            assertThat(kernel.inode(again)).isEqualTo(kernel.inode(namespace));
            kernel.close(again);
            assertThatThrownBy(() -> kernel.publish(namespace, path, "note"))
                    .isInstanceOfSatisfying(
                            KernelException.class, e -> assertThat(e.errno()).isEqualTo(EEXIST));
            assertThat(kernel.published()).contains(new Kernel.Published(path, kernel.inode(namespace), ""));
        } finally {
            kernel.unpublish(path);
        }
        assertThatThrownBy(() -> kernel.openNamespace(Optional.of(path)))
                .isInstanceOfSatisfying(
                        KernelException.class, e -> assertThat(e.errno()).isEqualTo(ENOENT));
        assertThat(kernel.published()).noneMatch(file -> file.path().equals(path));
    }

    @Test
    void thisProcessLivesAndOneOfTheSameNumberIsNotIt() {
        Owner self = kernel.owner();
        assertThat(Owner.parse(self.toString())).contains(self);
        assertThat(kernel.isDead(self)).isFalse();
        assertThat(kernel.isDead(new Owner(self.boot(), self.view(), 0, self.started())))
                .isTrue();
    }

    @Test
    void nobodyIsInANewNamespace() {
        assertThat(kernel.member(kernel.inode(namespace))).isEmpty();
    }

    @Test
    void whatIsWrittenOnALinkIsReadBackUntilItGoes() {
        Rtnetlink.End here = new Rtnetlink.End("osh-contract", 4711, new byte[] {2, 0, 0, 0, 0, 1});
        Rtnetlink.End there = new Rtnetlink.End("eth0", 1000, new byte[] {2, 0, 0, 0, 0, 2});
        int peer = kernel.createNamespace();
        try {
            Request make = Rtnetlink.newVeth(here, there, peer)
                    .and(Rtnetlink.alias(here.index(), here.name(), "openshell-netns whose it is"))
                    .and(Rtnetlink.setUp(here.index(), here.name(), true));
            assertThat(Answers.parse(make, kernel.netlink(namespace, make.toBytes()))
                            .failures())
                    .isEmpty();
            assertThat(links()).contains(new Answers.Link("osh-contract", 4711, true, "openshell-netns whose it is"));
            assertThat(kernel.isPeer(namespace, here.index(), peer)).isTrue();
            assertThat(kernel.isPeer(namespace, here.index(), namespace)).isFalse();
            assertThat(kernel.isInhabited(namespace, here.index())).isFalse();
            int third = kernel.createNamespace();
            assertThat(kernel.isPeer(namespace, here.index(), third)).isFalse();
            kernel.close(third);
            Request delete = Rtnetlink.deleteLink(here.index(), here.name());
            kernel.netlink(namespace, delete.toBytes());
            assertThat(links()).noneMatch(link -> link.name().equals("osh-contract"));
        } finally {
            kernel.close(peer);
        }
    }

    private List<Answers.Link> links() {
        Request dump = Rtnetlink.dumpLinks();
        return Answers.parse(dump, kernel.netlink(namespace, dump.toBytes())).links();
    }

    @Test
    void countersStandBeforeTheRulesThatAreSaved() {
        kernel.restore(namespace, Family.IPV4, variant(), RULE, false, soon());
        assertThat(kernel.saveCounted(namespace, Family.IPV4, variant(), soon()).lines())
                .contains("[0:0] -A OUTPUT -d 203.0.113.10/32 -j DROP");
    }

    /** A kernel that does not tell says that there may be a change; each says so after one. */
    @Test
    void aWatchTellsOfAChangeAndCanBeWoken() {
        kernel.restore(namespace, Family.IPV4, variant(), RULE, false, soon());
        try (Kernel.RuleWatch watch = kernel.watch(namespace, variant())) {
            kernel.restore(namespace, Family.IPV4, variant(), RULE, true, soon());
            assertThat(watch.await(Duration.ofMillis(200))).isTrue();
            watch.wake();
            assertThat(watch.await(Duration.ofDays(1))).isFalse();
        }
    }

    @Test
    void tyingIsUndoneOnceAndForAll() {
        kernel.tie("02:00:00:00:00:01");
        kernel.tie("02:00:00:00:00:01");
        kernel.untie("02:00:00:00:00:01");
        kernel.untie("02:00:00:00:00:01");
        assertThat(kernel.isDead(kernel.owner())).isFalse();
    }
}
