package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import dev.openshell.netns.linux.plan.Action.Where;
import dev.openshell.netns.linux.plan.Plan.Step;
import dev.openshell.netns.linux.plan.Plan.Undo;
import java.util.ArrayList;
import java.util.List;

/** The steps that make a sandbox's link. */
final class LinkSteps {
    private static final int LOOPBACK_INDEX = 1;

    private LinkSteps() {}

    /** Makes the pair, both ends down. */
    static Step make(Link link) {
        return Step.of(
                        "make the link",
                        link.host().name(),
                        new Action.Configure(
                                Where.HOST, made -> Rtnetlink.newVeth(link.host(), link.sandbox(), made.descriptor())))
                .undoneBy(
                        Undo.IF_FAILED,
                        new Action.ConfigureIfThere(
                                Where.HOST,
                                made -> Rtnetlink.deleteLink(
                                        link.host().index(), link.host().name())));
    }

    /** Sets the host end up for what its addresses are, and nothing else. */
    static List<Step> hostEnd(Link link, HostState host) {
        String name = link.host().name();
        List<Step> steps = new ArrayList<>();
        if (host.ipv6()) {
            boolean ipv6 = link.veth().network6().isPresent();
            steps.add(Step.of(
                    "configure the host end",
                    name,
                    new Action.Configure(
                            Where.HOST,
                            made -> Rtnetlink.noLinkLocal(link.host().index(), name))));
            steps.add(sysctl(Where.HOST, "net/ipv6/conf/" + name + "/accept_ra", "0"));
            steps.add(sysctl(Where.HOST, "net/ipv6/conf/" + name + "/disable_ipv6", ipv6 ? "0" : "1"));
        }
        return steps;
    }

    /** The sandbox's end with address, neighbour and default route, all by the host end. */
    static Step sandboxUp(Link link) {
        return Step.of(
                        "bring the sandbox's end up",
                        link.sandbox().name(),
                        new Action.Configure(Where.SANDBOX, made -> Rtnetlink.setUp(LOOPBACK_INDEX, "lo", true)
                                .and(end(link, link.sandbox(), link.host(), 2, 1, true))))
                // Connections that ended processes leave open would hold the namespace for two minutes.
                .undoneBy(Undo.IF_DONE, new Action.SetSysctl(Where.SANDBOX, Planner.ORPHAN_RETRIES, "1"));
    }

    /** From this step on packets pass. */
    static Step hostUp(Link link, Action down, boolean detached) {
        return Step.of(Planner.LINK_UP, link.host().name(), new Action.Configure(Where.HOST, made -> Rtnetlink.alias(
                                link.host().index(),
                                link.host().name(),
                                made.mark(detached).toString())
                        .and(end(link, link.host(), link.sandbox(), 1, 2, false))))
                .undoneBy(Undo.IF_TRIED, down);
    }

    /** Takes the host end down: nothing passes any more. */
    static Action down(Link link) {
        return new Action.ConfigureIfThere(
                Where.HOST,
                made -> Rtnetlink.setUp(link.host().index(), link.host().name(), false));
    }

    /** Writes on the host end whose it is, as it does when it comes up. */
    static Step mark(Link link, boolean detached) {
        return Step.of(
                "mark the link",
                link.host().name(),
                new Action.Configure(Where.HOST, made -> alias(link, made, detached)));
    }

    private static Request alias(Link link, Action.Made made, boolean detached) {
        return Rtnetlink.alias(
                link.host().index(), link.host().name(), made.mark(detached).toString());
    }

    private static Request end(
            Link link, Rtnetlink.End own, Rtnetlink.End peer, int ownOffset, int peerOffset, boolean defaultRoute) {
        Request request = new Request();
        for (Family family : Family.values()) {
            link.veth()
                    .network(family)
                    .ifPresent(network ->
                            request.and(Rtnetlink.newAddress(own.index(), network.at(ownOffset), network.prefix())));
        }
        request.and(Rtnetlink.setUp(own.index(), own.name(), true));
        for (Family family : Family.values()) {
            link.veth().network(family).ifPresent(network -> {
                request.and(Rtnetlink.newNeighbour(own.index(), network.at(peerOffset), peer.mac()));
                if (defaultRoute) {
                    request.and(Rtnetlink.newDefaultRoute(own.index(), network.at(peerOffset)));
                }
            });
        }
        return request;
    }

    static Step sysctl(Where where, String key, String value) {
        return Step.of("write sysctl", key, new Action.SetSysctl(where, key, value));
    }
}
