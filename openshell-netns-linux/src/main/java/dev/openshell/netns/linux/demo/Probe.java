package dev.openshell.netns.linux.demo;

import java.util.Optional;

/**
 * One thing that is tried.
 *
 * @param what what to print
 * @param allowed whether the policy allows it
 * @param attempt how it is tried
 * @param packet what leaves the pod where it gets out, empty for what is on the pod itself or is allowed
 * @param afterFlush whether it is tried after the rules inside were flushed
 */
record Probe(String what, boolean allowed, Attempt attempt, Optional<Packet> packet, boolean afterFlush) {
    /** Tries something. */
    interface Attempt {
        /** Returns how it ended; throws only what has nothing to do with what is tried. */
        Result in(Place place) throws Exception;
    }

    /**
     * How an attempt ended, as the one who made it sees it.
     *
     * @param answered whether there was the right answer
     */
    record Result(boolean answered, String text, long millis) {}

    static Probe allowed(String what, Attempt attempt) {
        return new Probe(what, true, attempt, Optional.empty(), false);
    }

    static Probe denied(String what, Attempt attempt) {
        return new Probe(what, false, attempt, Optional.empty(), false);
    }

    static Probe denied(String what, Attempt attempt, Packet packet) {
        return new Probe(what, false, attempt, Optional.of(packet), false);
    }

    Probe onceFlushed() {
        return new Probe(what + ", rules inside flushed", allowed, attempt, packet, true);
    }
}
