package dev.openshell.netns.testkit.packet;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A packet on its way through one namespace (struct sk_buff), with what hooks see beside the headers. */
public final class Skb {
    /** The headers as they were when it was made here or came in. */
    public final Header first;
    /** The headers as they are now. */
    public Header header;
    /** The interface that it came in by, empty where it was made here. */
    public String in = "";
    /** The interface that it leaves by, empty where that is not known or it stays here. */
    public String out = "";
    /** {@code -m mark}. */
    public int mark;
    /** What connection tracking made of it; before it was asked INVALID, which is what the raw table sees. */
    public CtState state = CtState.INVALID;
    /** Whether it runs against the direction in which its flow began. */
    public boolean reply;
    /** Its flow, null where it belongs to none. */
    public @Nullable Ct ct;
    /** The user and the group of the socket that sent it; empty where no socket of this namespace did. */
    public OptionalInt user = OptionalInt.empty();

    public OptionalInt group = OptionalInt.empty();
    /** Whether it answers an untracked packet: then no rule can ask not to track it. */
    public boolean answersUntracked;
    /** Whether a rule asked not to track it. */
    public boolean untracked;

    public Skb(Header header) {
        this.first = header;
        this.header = header;
    }
}
