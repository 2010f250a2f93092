package dev.openshell.netns.linux.demo;

/**
 * How one probe ended.
 *
 * @param reached whether it got an answer, or, where none is to be had, a packet of it got out of the pod
 * @param text what to print
 */
record Outcome(boolean reached, String text) {
    /** Returns whether it is as the policy says. */
    boolean asAllowed(boolean allowed) {
        return reached == allowed;
    }
}
