package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.PolicyDiff.LiveFlow;
import dev.openshell.netns.Rule;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.netlink.Ctnetlink;
import dev.openshell.netns.linux.netlink.Request;
import dev.openshell.netns.linux.netlink.TcpState;
import dev.openshell.netns.linux.netlink.TrackedFlow;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The flows of a sandbox that the host's connection tracking knows. */
public final class LiveFlows {
    private static final String STEP = "ctnetlink";

    private static final Comparator<LiveFlow> ORDER = Comparator.comparing(LiveFlow::rule)
            .thenComparing(LiveFlow::sourcePort)
            .thenComparing(LiveFlow::state);

    private LiveFlows() {}

    /**
     * Returns the flows that the sandbox of {@code rules} has at the moment to what they allow, sorted, as the namespace
     * of descriptor {@code host} tracks them: by the destination that the sandbox sees, whatever NAT made of it. TCP
     * connections that are over (TIME_WAIT, CLOSE) are none.
     *
     * @throws NetnsException when the kernel refuses, its answer is cut off, or the table does not hold still within
     *     the deadline
     */
    public static List<LiveFlow> of(Kernel kernel, int host, RuleSet rules, Deadline deadline) {
        List<LiveFlow> live = new ArrayList<>();
        for (Family family : Family.values()) {
            Optional<InetAddress> sandbox = rules.veth().sandboxAddress(family);
            if (sandbox.isEmpty() || rules.rules(family).isEmpty()) {
                continue;
            }
            for (TrackedFlow flow : dump(kernel, host, Ctnetlink.dumpFlows(family), deadline)) {
                if (flow.source().equals(sandbox.get()) && !isOver(flow)) {
                    rule(rules.rules(family), flow).ifPresent(rule -> live.add(live(rule, flow)));
                }
            }
        }
        // A table that is resized meanwhile can show a flow twice.
        return live.stream().distinct().sorted(ORDER).toList();
    }

    private static boolean isOver(TrackedFlow flow) {
        return flow.tcpState().filter(TcpState::isOver).isPresent();
    }

    private static Optional<Rule> rule(List<Rule> rules, TrackedFlow flow) {
        return rules.stream()
                .filter(rule -> rule.protocol().number() == flow.protocol()
                        && rule.port() == flow.destinationPort()
                        && rule.address().equals(flow.destination()))
                .findFirst();
    }

    private static LiveFlow live(Rule rule, TrackedFlow flow) {
        return new LiveFlow(
                rule, flow.sourcePort(), flow.tcpState().map(TcpState::name).orElse(""));
    }

    private static List<TrackedFlow> dump(Kernel kernel, int host, Request request, Deadline deadline) {
        while (true) {
            deadline.check(STEP, request.toString());
            Answers answers = exchange(kernel, host, request);
            if (!answers.failures().isEmpty()) {
                throw refused(request, answers.failures().get(0));
            }
            if (!answers.inconsistent()) {
                return flows(request, answers);
            }
        }
    }

    private static Answers exchange(Kernel kernel, int host, Request request) {
        try {
            return Answers.parse(request, kernel.netfilter(host, request.toBytes()));
        } catch (KernelException e) {
            throw PlanExecutor.failure(STEP, request.toString(), e);
        } catch (IllegalArgumentException e) {
            throw unreadable(request, e);
        }
    }

    private static List<TrackedFlow> flows(Request request, Answers answers) {
        try {
            return answers.flows();
        } catch (IllegalArgumentException e) {
            throw unreadable(request, e);
        }
    }

    private static NetnsException unreadable(Request request, IllegalArgumentException e) {
        return new NetnsException(
                STEP, request.toString(), 0, "answer of the kernel: " + e.getMessage(), "try again", e);
    }

    private static NetnsException refused(Request request, Answers.Failure failure) {
        int errno = failure.errno();
        return new NetnsException(
                STEP,
                request.toString(),
                errno,
                Errno.name(errno) + failure.text().map(text -> " " + text).orElse(""),
                errno == Errno.EINVAL ? "load the kernel module nf_conntrack_netlink" : Errno.remedy(errno),
                null);
    }
}
