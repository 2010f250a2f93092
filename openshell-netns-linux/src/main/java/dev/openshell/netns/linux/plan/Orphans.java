package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Leftover;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.Owner;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.Kernel.Published;
import dev.openshell.netns.linux.netlink.Answers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The sandboxes that are there though their owner is dead: processes inside, or a name under which they are published,
 * hold them.
 *
 * @param files what is left of names that were about to be published, whose makers died before they were
 */
record Orphans(List<Orphan> orphans, List<Path> files) {
    /** One of them: its link, what is written on that, and its names. */
    record Orphan(Answers.Link link, Mark mark, List<Path> names) {}

    /** Finds those among {@code links}, all that are in {@code namespace}. */
    static Orphans find(Kernel kernel, int namespace, List<Answers.Link> links) {
        Map<Owner, Boolean> dead = new HashMap<>();
        List<Published> published = kernel.published();
        Set<String> living = new HashSet<>();
        List<Orphan> orphans = new ArrayList<>();
        for (Answers.Link link : links) {
            Optional<Mark> over = link.name().startsWith(VethPair.HOST_PREFIX)
                    ? Mark.parse(link.alias())
                            .filter(mark -> dead.computeIfAbsent(mark.owner(), kernel::isDead)
                                    && isOver(kernel, namespace, link, mark))
                    : Optional.empty();
            over.ifPresentOrElse(
                    mark -> orphans.add(new Orphan(link, mark, names(published, mark.inode()))),
                    () -> living.add(link.alias()));
        }
        List<Path> files = published.stream()
                // Where the link of the same mark lives on, the name may be seen from another mount namespace.
                .filter(file -> file.inode() == 0 && !living.contains(file.note()))
                .filter(file -> Mark.parse(file.note())
                        .filter(mark -> dead.computeIfAbsent(mark.owner(), kernel::isDead))
                        .isPresent())
                .map(Published::path)
                .toList();
        return new Orphans(orphans, files);
    }

    /** A detached one is over when nobody is inside any more. */
    private static boolean isOver(Kernel kernel, int namespace, Answers.Link link, Mark mark) {
        return !mark.detached() || !kernel.isInhabited(namespace, link.index());
    }

    private static List<Path> names(List<Published> published, long inode) {
        return published.stream()
                .filter(file -> file.inode() == inode)
                .map(Published::path)
                .toList();
    }

    boolean isEmpty() {
        return orphans.isEmpty() && files.isEmpty();
    }

    List<String> links() {
        return orphans.stream().map(orphan -> orphan.link().name()).toList();
    }

    List<Leftover> describe(Kernel kernel, int namespace) {
        List<Leftover> found = new ArrayList<>();
        for (Orphan orphan : orphans) {
            String owner = "process " + orphan.mark().owner().pid();
            found.add(new Leftover(Leftover.Kind.LINK, orphan.link().name(), owner));
            if (kernel.isInhabited(namespace, orphan.link().index())) {
                found.add(new Leftover(
                        Leftover.Kind.PROCESSES, "behind " + orphan.link().name(), owner));
            }
            orphan.names().forEach(name -> found.add(new Leftover(Leftover.Kind.NAME, name.toString(), owner)));
        }
        files.forEach(file -> found.add(new Leftover(Leftover.Kind.NAME, file.toString(), "")));
        return found;
    }
}
