package dev.openshell.netns.linux.proof;

import dev.openshell.netns.linux.diagram.Ranges;
import dev.openshell.netns.linux.ruleset.Condition;
import dev.openshell.netns.linux.ruleset.Condition.State;
import java.util.List;

/** What a packet is to its flow: a state, and a direction where there is one. The simpler ones come first. */
enum Kind {
    NEW(State.NEW, true, false),
    ESTABLISHED(State.ESTABLISHED, true, false),
    REPLY(State.ESTABLISHED, false, true),
    RELATED(State.RELATED, true, false),
    RELATED_REPLY(State.RELATED, false, true),
    INVALID(State.INVALID, false, false),
    UNTRACKED(State.UNTRACKED, false, false);

    private static final List<Kind> KINDS = List.of(values());
    /** The bits of all kinds. */
    static final int ALL = bits(values());

    /** All sets of kinds, by the bits of their ordinals. */
    private static final Ranges[] SETS = sets();

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

    /** Returns the kinds that {@code asked} is about, as bits of their ordinals. */
    static int bits(Condition.Tracked asked) {
        int bits = 0;
        for (Kind kind : KINDS) {
            bits |= kind.is(asked) ? 1 << kind.ordinal() : 0;
        }
        return bits;
    }

    static int bits(Kind... kinds) {
        int bits = 0;
        for (Kind kind : kinds) {
            bits |= 1 << kind.ordinal();
        }
        return bits;
    }

    /** Returns the set of the kinds with these bits. */
    static Ranges of(int bits) {
        return SETS[bits];
    }

    private boolean is(Condition.Tracked asked) {
        boolean direction =
                original || reply ? original && asked.original() || reply && asked.reply() : asked.asksState();
        return (asked.states() >> state.ordinal() & 1) != 0 && direction;
    }

    private static Ranges[] sets() {
        Ranges[] sets = new Ranges[ALL + 1];
        for (int bits = 0; bits <= ALL; bits++) {
            Ranges set = Ranges.none();
            for (Kind kind : KINDS) {
                set = (bits >> kind.ordinal() & 1) == 0 ? set : set.or(Ranges.of(kind.ordinal()));
            }
            sets[bits] = set;
        }
        return sets;
    }

    static Ranges among(Kind... kinds) {
        return of(bits(kinds));
    }
}
