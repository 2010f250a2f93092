package dev.openshell.netns.testkit.packet;

/**
 * One direction of a flow (struct nf_conntrack_tuple). Of ICMP the source port is the identifier and the destination
 * port {@code type << 8 | code}; of a protocol without ports both are 0.
 */
public record Tuple(Ip source, Ip destination, int protocol, int sourcePort, int destinationPort) {}
