package dev.openshell.netns.testkit.packet;

import org.jspecify.annotations.Nullable;

/**
 * What an address and a port may become: addresses {@code first} to {@code last}, null to keep the address; ports
 * {@code minPort} to {@code maxPort}, 0 to keep the port where that is possible.
 */
public record NatRange(@Nullable Ip first, @Nullable Ip last, int minPort, int maxPort) {}
