package dev.openshell.netns.linux.plan;

import java.util.List;
import java.util.Optional;

/**
 * What makes a sandbox, in order. At no point between two steps does a packet get through that the policy does not
 * allow.
 */
record Plan(Link link, List<Step> steps) {

    /** When a step's undo is for. */
    enum Undo {
        /** The step did what it does. */
        IF_DONE,
        /** The step was tried: a batch that failed may have done some of it. */
        IF_TRIED,
        /** The step was tried and making the sandbox failed; in a normal close the kernel does it by itself. */
        IF_FAILED
    }

    /** A step: what it is and to what, for error texts; what is done; what undoes it and when. */
    record Step(String name, String object, Action action, Optional<Action> undo, Undo when) {
        static Step of(String name, String object, Action action) {
            return new Step(name, object, action, Optional.empty(), Undo.IF_DONE);
        }

        Step undoneBy(Undo when, Action undo) {
            return new Step(name, object, action, Optional.of(undo), when);
        }
    }
}
