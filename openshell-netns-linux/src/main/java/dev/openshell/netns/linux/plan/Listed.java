package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Cidr;
import dev.openshell.netns.Family;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Surroundings that were listed once.
 *
 * @param links the interfaces
 * @param occupied the networks of all addresses and routes but default ones
 * @param own the networks of sandboxes' links, which are among them
 */
record Listed(List<Answers.Link> links, Set<Cidr> occupied, Set<Cidr> own) implements Surroundings {
    /** Where there is nothing. */
    static final Listed NONE = new Listed(List.of(), Set.of(), Set.of());

    static Listed read(Kernel kernel, int namespace, List<Family> families, Deadline deadline) {
        List<Answers.Link> links = HostState.links(kernel, namespace, deadline);
        Set<Integer> sandboxes = new HashSet<>();
        links.stream().filter(Listed::isSandboxes).forEach(link -> sandboxes.add(link.index()));
        Set<Cidr> occupied = new LinkedHashSet<>();
        Set<Cidr> own = new HashSet<>();
        for (Answers.InterfaceAddress address : Netlink.dump(kernel, namespace, Rtnetlink.dumpAddresses(), deadline)
                .addresses()) {
            Cidr network = Cidr.of(address.address(), address.prefix());
            occupied.add(network);
            if (sandboxes.contains(address.index())) {
                own.add(network);
            }
        }
        for (Family family : families) {
            occupied.addAll(Netlink.dump(kernel, namespace, Rtnetlink.dumpRoutes(family), deadline)
                    .routes());
        }
        return new Listed(links, occupied, own);
    }

    private static boolean isSandboxes(Answers.Link link) {
        return link.name().startsWith(VethPair.HOST_PREFIX);
    }

    /** Returns the same without sandboxes' links and what is in their networks, which is little however many there are. */
    Listed withoutSandboxes() {
        Set<Cidr> others = new LinkedHashSet<>(occupied);
        others.removeIf(this::isOwn);
        return new Listed(links.stream().filter(link -> !isSandboxes(link)).toList(), others, Set.of());
    }

    private boolean isOwn(Cidr network) {
        int link = network.family() == Family.IPV4 ? LinkAllocator.LINK_PREFIX : LinkAllocator.LINK_PREFIX6;
        return network.prefix() >= link && own.contains(Cidr.of(network.address(), link));
    }

    @Override
    public boolean isTaken(String name) {
        return links.stream().anyMatch(link -> link.name().equals(name));
    }

    @Override
    public boolean isTaken(int index) {
        return name(index).isPresent();
    }

    @Override
    public boolean isFree(Cidr network) {
        return occupied.stream().noneMatch(network::overlaps);
    }

    @Override
    public Set<String> overlapping(Cidr network) {
        Set<String> overlapping = new TreeSet<>();
        occupied.stream().filter(network::overlaps).forEach(taken -> overlapping.add(taken.toString()));
        return overlapping;
    }

    @Override
    public Optional<String> name(int index) {
        return links.stream()
                .filter(link -> link.index() == index)
                .map(Answers.Link::name)
                .findFirst();
    }

    @Override
    public Collection<String> names() {
        return links.stream().map(Answers.Link::name).toList();
    }
}
