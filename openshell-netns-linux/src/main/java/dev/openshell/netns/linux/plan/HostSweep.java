package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.Leftover;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * Takes off a host what sandboxes leave there: one that is closed, and those whose owner is dead. Goes by what is there,
 * whatever part of it was made or is gone already. With the last sandbox the standing rules go and forwarding is put
 * back. The caller holds the host namespace's lock.
 */
public final class HostSweep {
    private static final int TRIES = 5;
    /** Connections that ended processes leave open would hold the namespace for two minutes. */
    private final Kernel kernel;

    private final int namespace;
    private final IptablesVariant variant;
    private final Deadline deadline;

    HostSweep(Kernel kernel, int namespace, IptablesVariant variant, Deadline deadline) {
        this.kernel = kernel;
        this.namespace = namespace;
        this.variant = variant;
        this.deadline = deadline;
    }

    /**
     * Takes away what dead owners left in the namespace of descriptor {@code host}, and returns it.
     *
     * @param dryRun only look
     * @throws NetnsException when some of it could not be taken away; all the rest was
     */
    public static List<Leftover> sweep(Kernel kernel, int host, boolean dryRun, Deadline deadline) {
        try (Kernel.Lock lock = kernel.lock(host, deadline)) {
            Orphans orphans = Orphans.find(kernel, host, HostState.links(kernel, host, deadline));
            List<HostSweep> sweeps = kernel.variants(host).stream()
                    .map(variant -> new HostSweep(kernel, host, variant, deadline))
                    .toList();
            List<Leftover> found = new ArrayList<>(orphans.describe(kernel, host));
            sweeps.forEach(sweep -> found.addAll(sweep.removal(orphans.links()).describe()));
            if (!dryRun) {
                List<RuntimeException> failures = new ArrayList<>();
                sweeps.forEach(sweep -> failures.addAll(sweep.remove(orphans)));
                PlanExecutor.throwAny(failures);
            }
            return found.stream().distinct().toList();
        } catch (KernelException e) {
            throw PlanExecutor.failure("sweep", "host namespace", e);
        }
    }

    /** Takes away the rules of a link, which goes down if it is up. */
    void release(Action.Release release) {
        String link = release.link();
        HostState.links(kernel, namespace, deadline).stream()
                .filter(each -> each.name().equals(link))
                // Whatever may still be inside: without its rules a link that is up would be open.
                .forEach(each -> Netlink.sendIfThere(kernel, namespace, Rtnetlink.setUp(each.index(), link, false)));
        load(List.of(link), release.guards());
    }

    /** Takes away all that {@code orphans} are, and returns what failed. Those that live on are cut off all the same. */
    List<RuntimeException> remove(Orphans orphans) {
        List<RuntimeException> failures = new ArrayList<>();
        List<String> gone = new ArrayList<>();
        for (Orphans.Orphan orphan : orphans.orphans()) {
            try {
                cut(orphan);
                gone.add(orphan.link().name());
            } catch (RuntimeException e) {
                failures.add(
                        PlanExecutor.failure("end the sandbox", orphan.link().name(), e));
            }
        }
        for (Path file : orphans.files()) {
            try {
                kernel.unpublish(file);
            } catch (KernelException e) {
                failures.add(PlanExecutor.failure("remove the name", file.toString(), e));
            }
        }
        load(gone, Map.of());
        orphans.orphans().stream()
                .map(Orphans.Orphan::link)
                .filter(link -> gone.contains(link.name()))
                .forEach(link ->
                        Netlink.sendIfThere(kernel, namespace, Rtnetlink.deleteLink(link.index(), link.name())));
        return failures;
    }

    private void cut(Orphans.Orphan orphan) {
        Netlink.sendIfThere(
                kernel,
                namespace,
                Rtnetlink.setUp(orphan.link().index(), orphan.link().name(), false));
        Optional<Path> inside = kernel.member(orphan.mark().inode());
        for (int strangers = 0; inside.isPresent() && strangers < TRIES; ) {
            strangers += end(orphan, inside.get()) ? 0 : 1;
            deadline.check("end the processes", orphan.link().name());
            inside = kernel.member(orphan.mark().inode());
        }
        orphan.names().stream()
                .filter(name -> opened(orphan, name, sandbox -> {}))
                .forEach(kernel::unpublish);
    }

    /** As long as it is, its namespace's inode is not another one's, nor was when it was looked for. */
    private boolean isThere(Orphans.Orphan orphan) {
        Answers.Link known = orphan.link();
        return HostState.links(kernel, namespace, deadline).stream()
                .anyMatch(link -> link.index() == known.index() && link.alias().equals(known.alias()));
    }

    /** Returns false where what is in there is not of this sandbox. */
    private boolean end(Orphans.Orphan orphan, Path inside) {
        return opened(orphan, inside, sandbox -> {
            kernel.writeSysctl(sandbox, Planner.ORPHAN_RETRIES, "1");
            kernel.endProcesses(sandbox, Duration.ZERO);
        });
    }

    /**
     * Does {@code body} with the namespace at {@code path}, if that is the one at the other end of the orphan's link, and
     * returns whether it is, or is gone. By its number, or by a process's, it could have come to mean somebody else's, and
     * what is written on a link in a namespace of somebody else's may be a lie.
     */
    private boolean opened(Orphans.Orphan orphan, Path path, IntConsumer body) {
        int sandbox = -1;
        try {
            sandbox = kernel.openNamespace(Optional.of(path));
            boolean ours = kernel.inode(sandbox) == orphan.mark().inode()
                    && isThere(orphan)
                    && kernel.isPeer(namespace, orphan.link().index(), sandbox);
            if (ours) {
                body.accept(sandbox);
            }
            return ours;
        } catch (KernelException gone) {
            // It ended by itself between being seen and being opened.
            return true;
        } finally {
            if (sandbox >= 0) {
                kernel.close(sandbox);
            }
        }
    }

    /** Another program may change the tables between reading and loading. */
    private void load(List<String> doomed, Map<Family, Map<String, Set<String>>> guards) {
        for (int tries = 1; ; tries++) {
            try {
                removal(doomed).load(guards);
                return;
            } catch (KernelException e) {
                if (tries == TRIES) {
                    throw e;
                }
                deadline.check("release the host's rules of", doomed.toString());
            }
        }
    }

    private Removal removal(List<String> doomed) {
        return Removal.of(kernel, namespace, variant, doomed, deadline);
    }
}
