package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.VethPair;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.netlink.Answers;
import dev.openshell.netns.linux.rules.HostRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A namespace that is ready for a policy: its link is up, and both ends drop everything. It is used once, by one
 * thread: taken, or closed.
 */
public final class Prepared {
    private static final Pattern COUNTERS = Pattern.compile("\\[\\d+:\\d+]");

    private final Kernel kernel;
    private final int host;
    private final Planner planner;
    private final HostState before;
    private final Plan plan;
    private final Action.Made namespace;
    /** Its own rules, as they are read back. */
    private final List<String> inside = new ArrayList<>();
    /** Whether it was undone, or became a sandbox. */
    private boolean over;

    private Prepared(Kernel kernel, int host, Planner planner, HostState before, Plan plan, Action.Made namespace) {
        this.kernel = kernel;
        this.host = host;
        this.planner = planner;
        this.before = before.remembered();
        this.plan = plan;
        this.namespace = namespace;
    }

    /**
     * Makes one between a new namespace and the host namespace of descriptor {@code host}, which stays open as long as
     * this is there.
     *
     * @param base says the pool of links, the variant of iptables, and whether the link has IPv6
     * @throws NetnsException when a step failed; nothing is left behind then
     */
    public static Prepared of(
            Kernel kernel, int host, ResolvedPolicy base, LinkAllocator links, Planner planner, Deadline deadline) {
        return Enforcement.retried(kernel, host, deadline, () -> {
            HostState before = Enforcement.swept(kernel, host, base.policy(), deadline);
            Link link = links.allocate(base, before).ownedBy(kernel.owner());
            Plan plan = planner.ready(link, before);
            planner.verifyReady(plan, before);
            Action.Made namespace = new PlanExecutor(kernel, host, before.variant(), deadline).execute(plan);
            Prepared ready = new Prepared(kernel, host, planner, before, plan, namespace);
            try {
                ready.inside.addAll(ready.readInside(deadline));
                return ready;
            } catch (KernelException e) {
                throw ready.undone(PlanExecutor.failure("read the rules back", ready.link(), e));
            }
        });
    }

    /** Returns whether its link is such as {@code resolved} would get. */
    public boolean fits(ResolvedPolicy resolved) {
        VethPair veth = plan.link().veth();
        return veth.network6().isPresent() == resolved.ipv6()
                && List.of(Family.values()).stream()
                        .flatMap(family -> veth.network(family).stream())
                        .allMatch(network -> LinkAllocator.leavesRoom(network, resolved));
    }

    /**
     * Puts {@code resolved} in force in it, and returns that; empty where it is no longer as it was made, or was
     * changed meanwhile, and is to be closed.
     *
     * @param outside a descriptor of the host namespace, which lasts as long as the sandbox
     * @throws NetnsException when that failed; nothing of it is left behind then
     */
    public Optional<Enforcement> take(int outside, ResolvedPolicy resolved, Deadline deadline) {
        try (Kernel.Lock lock = kernel.lock(outside, deadline)) {
            HostState now = HostState.read(kernel, outside, resolved.policy().iptables(), deadline);
            return isAsMade(outside, now, deadline)
                    ? Optional.of(allow(outside, now, resolved, deadline))
                    : Optional.empty();
        } catch (KernelException e) {
            throw closedAfter(PlanExecutor.failure("take a ready namespace", link(), e));
        } catch (NetnsException e) {
            if (Enforcement.isOthers(e)) {
                return Optional.empty();
            }
            throw closedAfter(e);
        }
    }

    private Enforcement allow(int outside, HostState now, ResolvedPolicy resolved, Deadline deadline) {
        RuleSet rules = resolved.on(plan.link().veth());
        Forwarding forwarding =
                Forwarding.forRules(kernel, outside, rules, now, new Uplinks(kernel, outside).of(rules, now));
        Plan rest = planner.taken(resolved.policy(), rules, plan.link(), now, forwarding.switchOn());
        planner.verify(rest, rules, now);
        // From here on it is the executor that undoes all of it.
        over = true;
        new PlanExecutor(kernel, outside, now.variant(), deadline).on(namespace).execute(rest);
        return new Enforcement(kernel, outside, now, rest, rules, namespace);
    }

    private List<String> readInside(Deadline deadline) {
        Map<Family, String> saved =
                kernel.save(namespace.descriptor(), HostState.families(before.ipv6()), before.variant(), deadline);
        return saved.values().stream()
                .flatMap(String::lines)
                .filter(line -> !line.startsWith("#"))
                .map(line -> COUNTERS.matcher(line).replaceAll(""))
                .toList();
    }

    /** Its making failed after all: it is undone under the lock that the caller has. */
    private NetnsException undone(NetnsException failure) {
        over = true;
        List<Action> undo =
                plan.steps().stream().flatMap(step -> step.undo().stream()).toList();
        new PlanExecutor(kernel, host, before.variant(), Deadline.in(PlanExecutor.UNDO_LIMIT))
                .on(namespace)
                .undo(undo)
                .forEach(failure::addSuppressed);
        return failure;
    }

    private NetnsException closedAfter(NetnsException failure) {
        try {
            close();
        } catch (NetnsException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    private String link() {
        return plan.link().host().name();
    }

    /** Somebody may have taken away its link, or what denies, or may have allowed it something, since it was made. */
    private boolean isAsMade(int outside, HostState now, Deadline deadline) {
        int index = plan.link().host().index();
        Answers.Link made =
                new Answers.Link(link(), index, true, namespace.mark(false).toString());
        return now.variant() == before.variant()
                && now.rules().keySet().equals(before.rules().keySet())
                && now.links().contains(made)
                && now.rules().keySet().stream().allMatch(family -> isDenied(now, family))
                && kernel.isPeer(outside, index, namespace.descriptor())
                && readInside(deadline).equals(inside);
    }

    private boolean isDenied(HostState now, Family family) {
        HostRules rules = now.rules().get(family);
        boolean withNat = plan.link().veth().network(family).isPresent();
        return rules.standing(withNat).isEmpty() && !rules.links().contains(link());
    }

    /**
     * Takes away all that was made; does nothing once that was done or it was taken.
     *
     * @throws NetnsException when some of it could not be; all the rest was
     */
    public void close() {
        if (!over) {
            over = true;
            RuleSet nothing = RuleSet.of(plan.link().veth(), List.of());
            new Enforcement(kernel, host, before, plan, nothing, namespace).close(() -> {});
        }
    }
}
