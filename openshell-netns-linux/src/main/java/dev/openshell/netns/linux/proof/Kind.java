package dev.openshell.netns.linux.proof;

import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.ruleset.Condition.State;

/** What a packet is to its flow: a state, and a direction where there is one. The simpler ones come first. */
enum Kind {
    NEW(State.NEW, true, false),
    ESTABLISHED(State.ESTABLISHED, true, false),
    REPLY(State.ESTABLISHED, false, true),
    RELATED(State.RELATED, true, false),
    RELATED_REPLY(State.RELATED, false, true),
    INVALID(State.INVALID, false, false),
    UNTRACKED(State.UNTRACKED, false, false);

    /** The packets of a flow's own direction. */
    static final Ranges FORWARD = among(NEW, ESTABLISHED);
    /** Errors about a flow. */
    static final Ranges ERROR = among(RELATED, RELATED_REPLY);
    /** What has no flow. */
    static final Ranges NO_FLOW = among(INVALID, UNTRACKED);

    private final State state;
    private final boolean original;
    private final boolean reply;

    Kind(State state, boolean original, boolean reply) {
        this.state = state;
        this.original = original;
        this.reply = reply;
    }

    /** Returns whether the packet belongs to a flow. */
    boolean tracked() {
        return original || reply;
    }

    boolean is(int states) {
        return (states >> state.ordinal() & 1) != 0;
    }

    boolean is(boolean wantsOriginal, boolean wantsReply) {
        return original && wantsOriginal || reply && wantsReply;
    }

    static Ranges among(Kind... kinds) {
        Ranges all = Ranges.none();
        for (Kind kind : kinds) {
            all = all.or(Ranges.of(kind.ordinal()));
        }
        return all;
    }
}
