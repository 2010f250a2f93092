package dev.openshell.netns.testkit.netlink;

/** The text that goes with an acknowledgement (struct netlink_ext_ack), set on the way also where nothing fails. */
public final class Extack {
    public static final String LEFTOVER = "bytes leftover after parsing attributes";

    public String text = "";
}
