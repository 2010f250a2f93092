package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.Preflight.Status;

/**
 * What a probe saw.
 *
 * @param remedy a command or a builder call, empty where all is well
 */
record Finding(Status status, String evidence, String remedy) {
    static Finding ok(String evidence) {
        return new Finding(Status.OK, evidence, "");
    }

    static Finding warning(String evidence, String remedy) {
        return new Finding(Status.WARNING, evidence, remedy);
    }

    static Finding failure(String evidence, String remedy) {
        return new Finding(Status.FAILURE, evidence, remedy);
    }

    /** Returns what to say of something that could not be looked at. */
    static Finding notChecked(String reason, String remedy) {
        return warning("not checked: " + reason, remedy);
    }
}
