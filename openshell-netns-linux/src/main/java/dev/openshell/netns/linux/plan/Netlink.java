package dev.openshell.netns.linux.plan;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Request;

/** Requests to a namespace's rtnetlink, with refusals as exceptions. */
public final class Netlink {
    private Netlink() {}

    /**
     * Sends {@code request} and returns what was answered, refusals among it.
     *
     * @throws NetnsException when the answer is cut off: nothing that was not answered counts as done
     */
    static Answers exchange(Kernel kernel, int namespace, Request request) {
        byte[] answer = kernel.netlink(namespace, request.toBytes());
        try {
            return Answers.parse(request, answer);
        } catch (IllegalArgumentException e) {
            throw new NetnsException(
                    "rtnetlink", request.toString(), 0, "answer of the kernel: " + e.getMessage(), "apply again", e);
        }
    }

    /** Sends {@code request}; of several messages that fail the first is reported, and all others were still tried. */
    public static Answers send(Kernel kernel, int namespace, Request request) {
        Answers answers = exchange(kernel, namespace, request);
        if (!answers.failures().isEmpty()) {
            throw refused(answers.failures().get(0));
        }
        return answers;
    }

    /** Sends {@code request}; that the interface is gone already (ENODEV) is as good as done. */
    static void sendIfThere(Kernel kernel, int namespace, Request request) {
        for (Answers.Failure failure : exchange(kernel, namespace, request).failures()) {
            if (failure.errno() != Errno.ENODEV) {
                throw refused(failure);
            }
        }
    }

    private static NetnsException refused(Answers.Failure failure) {
        return new NetnsException(
                "rtnetlink " + failure.name(),
                failure.object(),
                failure.errno(),
                Errno.name(failure.errno())
                        + failure.text().map(text -> " " + text).orElse(""),
                Errno.remedy(failure.errno()),
                null);
    }

    /** Sends a dump request, again where things changed while it was taken. */
    static Answers dump(Kernel kernel, int namespace, Request request, Deadline deadline) {
        while (true) {
            Answers answers = send(kernel, namespace, request);
            if (!answers.inconsistent()) {
                return answers;
            }
            deadline.check("rtnetlink dump", "host namespace");
        }
    }
}
