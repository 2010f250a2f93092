package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.packet.Ip;

/** What a packet can't be made of, said with the value. */
final class PacketChecks {
    private static final int LONGEST_LINK = 15;

    private PacketChecks() {}

    static int port(int port) {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is not 0 to 65535");
        }
        return port;
    }

    static void sameFamily(Ip one, Ip other) {
        if (one.family() != other.family()) {
            throw new IllegalArgumentException(one + " and " + other + " are of two families");
        }
    }

    static String link(String name) {
        if (name.length() > LONGEST_LINK || name.matches(".*[/\\s+].*")) {
            throw new IllegalArgumentException("no interface can be called '" + name + "'");
        }
        return name;
    }

    static int octet(String what, int value) {
        if (value < 0 || value > 255) {
            throw new IllegalArgumentException(what + " " + value + " is not 0 to 255");
        }
        return value;
    }
}
