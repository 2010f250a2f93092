package dev.openshell.netns.linux.plan;

import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.Owner;
import dev.openshell.netns.linux.netlink.Rtnetlink;
import java.util.Optional;

/**
 * A link with all that makes it: the pair, and both ends' interface indexes and MAC addresses.
 *
 * @param owner whose it is, empty for one that only stands for any
 */
record Link(VethPair veth, Rtnetlink.End host, Rtnetlink.End sandbox, Optional<Owner> owner) {
    Link(VethPair veth, Rtnetlink.End host, Rtnetlink.End sandbox) {
        this(veth, host, sandbox, Optional.empty());
    }

    Link ownedBy(Owner process) {
        return new Link(veth, host, sandbox, Optional.of(process));
    }
}
