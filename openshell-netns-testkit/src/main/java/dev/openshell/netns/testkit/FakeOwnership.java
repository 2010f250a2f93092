package dev.openshell.netns.testkit;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Owner;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.testkit.net.Link;
import dev.openshell.netns.testkit.net.Netns;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The calls about what belongs to whom, and to whom something was done. */
abstract class FakeOwnership extends FakeCalls {
    private static final String BOOT = "0";
    private static final String VIEW = "0.0";

    private final Owner owner;
    private final Set<String> tied = new HashSet<>();

    FakeOwnership(FakeMachine machine, FakeWorld world, Userland userland) {
        super(machine, world, userland);
        synchronized (machine) {
            long pid = machine.newProcess();
            this.owner = new Owner(BOOT, VIEW, pid, pid);
        }
    }

    @Override
    void endTied() {
        machine.ended(owner.pid());
        for (Netns netns : machine.namespaces()) {
            boolean ours = netns.links().stream()
                    .flatMap(link -> link.peer().stream())
                    .map(Link::mac)
                    .anyMatch(mac -> tied.contains(HexFormat.ofDelimiter(":").formatHex(mac)));
            if (ours) {
                userland.programs.end(netns, Duration.ZERO);
            }
        }
    }

    @Override
    public Owner owner() {
        return owner;
    }

    @Override
    public boolean isDead(Owner other) {
        return made(KernelCall.IS_DEAD, () -> !machine.isAlive(other.pid()));
    }

    @Override
    public Optional<Path> member(long inode) {
        return made(
                KernelCall.MEMBER,
                () -> userland.programs.member(inode).map(pid -> Path.of("/proc/" + pid + "/ns/net")));
    }

    @Override
    public boolean isInhabited(int namespace, int index) {
        return made(KernelCall.MEMBER, () -> netns(namespace)
                .byIndex(index)
                .flatMap(Link::peer)
                .filter(peer -> userland.programs.member(peer.netns().inode()).isPresent())
                .isPresent());
    }

    @Override
    public boolean isPeer(int namespace, int index, int other) {
        return made(KernelCall.IS_PEER, () -> netns(namespace)
                .byIndex(index)
                .flatMap(Link::peer)
                .filter(peer -> peer.netns() == netns(other))
                .isPresent());
    }

    @Override
    public List<IptablesVariant> variants(int namespace) {
        return made(KernelCall.VARIANTS, () -> List.of(world.variant(machine.stack(netns(namespace)))));
    }

    @Override
    public void tie(String mac) {
        made(KernelCall.TIE, () -> tied.add(mac));
    }

    @Override
    public void untie(String mac) {
        made(KernelCall.UNTIE, () -> tied.remove(mac));
    }

    /** Two calls, as on Linux: the file, and the namespace on it. */
    @Override
    public void publish(int namespace, Path path, String note) {
        made(KernelCall.PUBLISH, () -> {
            machine.makeFile(name(path), note);
            return true;
        });
        try {
            made(KernelCall.PUBLISH, () -> {
                machine.publish(name(path), netns(namespace));
                return true;
            });
        } catch (KernelException e) {
            deleteFile(path);
            throw e;
        }
    }

    /** Two calls again. */
    @Override
    public void unpublish(Path path) {
        made(KernelCall.UNPUBLISH, () -> {
            machine.unpublish(name(path));
            return true;
        });
        deleteFile(path);
    }

    private void deleteFile(Path path) {
        made(KernelCall.UNPUBLISH, () -> {
            machine.deleteFile(name(path));
            return true;
        });
    }

    @Override
    public List<Published> published() {
        return made(KernelCall.PUBLISHED, () -> {
            List<Published> published = new ArrayList<>();
            machine.paths().stream()
                    .sorted()
                    .forEach(path -> published.add(
                            machine.isPublished(path)
                                    ? new Published(
                                            Path.of(path),
                                            machine.published(path).inode(),
                                            "")
                                    : new Published(Path.of(path), 0, machine.note(path))));
            return published;
        });
    }

    private static String name(Path path) {
        return path.toString().replace('\\', '/');
    }

    @Override
    public String saveCounted(int namespace, Family family, IptablesVariant variant, Deadline deadline) {
        return made(
                KernelCall.SAVE,
                () -> machine.stack(netns(namespace)).ruleset(family, variant).saveCounted());
    }

    @Override
    public RuleWatch watch(int namespace, IptablesVariant variant) {
        return made(KernelCall.WATCH, () -> {
            netns(namespace);
            return new Changes();
        });
    }

    /** Tells of every change of rules on the machine. */
    private final class Changes implements RuleWatch {
        private long seen = machine.changes();
        private boolean woken;

        @Override
        public boolean await(Duration limit) {
            long end = System.nanoTime() + limit.toNanos();
            synchronized (machine) {
                long left = limit.toMillis();
                while (seen == machine.changes() && !woken && left > 0) {
                    try {
                        machine.wait(left);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        return false;
                    }
                    left = (end - System.nanoTime()) / 1_000_000;
                }
                boolean changed = seen != machine.changes();
                seen = machine.changes();
                woken = false;
                return changed;
            }
        }

        @Override
        public void wake() {
            synchronized (machine) {
                woken = true;
                machine.notifyAll();
            }
        }

        @Override
        public void close() {
            // It holds nothing.
        }
    }
}
