package dev.openshell.netns.testkit.net;

import dev.openshell.netns.testkit.packet.Ip;

/** A neighbour of an interface: its address, its MAC address and its NUD_* state. */
public record Neighbour(Link link, Ip ip, byte[] mac, int state) {}
