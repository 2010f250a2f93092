package dev.openshell.netns.testkit.rtnetlink;

/** The text that goes with an acknowledgement (struct netlink_ext_ack), set on the way also where nothing fails. */
final class Extack {
    static final String LEFTOVER = "bytes leftover after parsing attributes";

    String text = "";
}
