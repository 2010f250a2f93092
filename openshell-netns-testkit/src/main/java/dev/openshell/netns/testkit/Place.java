package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.net.Netns;

/**
 * Where a socket is.
 *
 * @param netns its namespace, or the one whose uplink leads to it
 * @param uplink the uplink that the outside world is behind, an empty string for a socket of the namespace's own
 */
record Place(Netns netns, String uplink) {
    static Place inside(Netns netns) {
        return new Place(netns, "");
    }

    boolean outside() {
        return !uplink.isEmpty();
    }
}
