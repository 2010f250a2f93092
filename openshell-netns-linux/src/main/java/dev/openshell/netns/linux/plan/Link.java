package dev.openshell.netns.linux.plan;

import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.netlink.Rtnetlink;

/** A link with all that makes it: the pair, and both ends' interface indexes and MAC addresses. */
record Link(VethPair veth, Rtnetlink.End host, Rtnetlink.End sandbox) {}
