package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Cidr;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/**
 * Surroundings of which the kernel is asked one by one, which takes the same time however many interfaces there are. What
 * has a name or an index already is left to the kernel, which makes no second one.
 *
 * @param listed what was there when it was last listed, but for sandboxes
 */
record Asked(Kernel kernel, int namespace, Listed listed, Deadline deadline) implements Surroundings {
    @Override
    public boolean isTaken(String name) {
        return listed.isTaken(name);
    }

    @Override
    public boolean isTaken(int index) {
        return listed.isTaken(index);
    }

    /** The list knows of routes that only some packets take, the kernel of what has come since. */
    @Override
    public boolean isFree(Cidr network) {
        if (!listed.isFree(network)) {
            return false;
        }
        Request request = new Request();
        int addresses = 1 << network.family().bits() - network.prefix();
        for (int i = 0; i < addresses; i++) {
            request.and(Rtnetlink.matchRoute(network.at(i)));
        }
        Answers answers = Netlink.exchange(kernel, namespace, request);
        return answers.routes().isEmpty()
                && answers.failures().stream().allMatch(failure -> failure.errno() == Errno.ENETUNREACH);
    }

    @Override
    public Set<String> overlapping(Cidr network) {
        return listed.overlapping(network);
    }

    @Override
    public Optional<String> name(int index) {
        return Netlink.send(kernel, namespace, Rtnetlink.getLink(index)).links().stream()
                .map(Answers.Link::name)
                .findFirst();
    }

    @Override
    public Collection<String> names() {
        return HostState.links(kernel, namespace, deadline).stream()
                .map(Answers.Link::name)
                .toList();
    }
}
