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

    /** Sends {@code request}; of several messages that fail the first is reported, and all others were still tried. */
    public static Answers send(Kernel kernel, int namespace, Request request) {
        Answers answers = Answers.parse(request, kernel.netlink(namespace, request.toBytes()));
        if (!answers.failures().isEmpty()) {
            Answers.Failure failure = answers.failures().get(0);
            throw new NetnsException(
                    "rtnetlink " + failure.name(),
                    failure.object(),
                    failure.errno(),
                    Errno.name(failure.errno())
                            + failure.text().map(text -> " " + text).orElse(""),
                    Errno.remedy(failure.errno()),
                    null);
        }
        return answers;
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
