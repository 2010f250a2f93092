package dev.openshell.netns.testkit.wire;

import dev.openshell.netns.testkit.packet.Header;

/**
 * A packet to send.
 *
 * @param user the user, and group, of the socket that sends it; only of {@link Way#LOCAL}
 */
record Sending(Way way, Header header, int user) {
    Sending(Way way, Header header) {
        this(way, header, 0);
    }
}
