package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.RuleSet;
import dev.openshell.netns.SandboxPlan;
import dev.openshell.netns.SandboxPolicy;
import dev.openshell.netns.Verified;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Errno;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.proof.Proof;
import dev.openshell.netns.linux.proof.Rulesets;
import dev.openshell.netns.linux.rules.HostRules;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** A policy as it is in force: its namespace, its link, its rules on both ends. */
public final class Enforcement {
    private static final int TRIES = 10;
    private static final Set<String> HOST_RULES = Set.of(Planner.DENY, Forwarding.GUARD, Planner.ALLOW);

    private final Kernel kernel;
    private final int host;
    private final HostState state;
    private final Plan plan;
    private final RuleSet ruleSet;
    private final Action.Made namespace;

    private Enforcement(Kernel kernel, int host, HostState state, Plan plan, RuleSet ruleSet, Action.Made namespace) {
        this.kernel = kernel;
        this.host = host;
        this.state = state.remembered();
        this.plan = plan;
        this.ruleSet = ruleSet;
        this.namespace = namespace;
    }

    /**
     * Puts {@code resolved} in force between a new namespace and the host namespace of descriptor {@code host}.
     *
     * @throws NetnsException when a step failed; nothing is left behind then
     */
    public static Enforcement of(
            Kernel kernel,
            int host,
            HostMemory memory,
            ResolvedPolicy resolved,
            LinkAllocator links,
            Planner planner,
            Deadline deadline) {
        for (int tries = 1; ; tries++) {
            boolean remembered = false;
            try (Kernel.Lock lock = kernel.lock(host, deadline)) {
                Optional<HostState> known = memory.state(kernel, host, deadline);
                remembered = known.isPresent();
                HostState state = known.orElseGet(() -> read(kernel, host, memory, resolved, deadline));
                return locked(kernel, host, memory, state, resolved, links, planner, deadline);
            } catch (NetnsException e) {
                memory.forget();
                if (remembered) {
                    // What was remembered may be it: once more with all of it read.
                    deadline.check(e.step(), e.object());
                    continue;
                }
                // Somebody else, who doesn't take the lock, had the name or the index of the link first, or took away
                // the rules that others build upon.
                boolean collision = e.errno() == Errno.EEXIST && e.step().equals("rtnetlink RTM_NEWLINK");
                boolean conflict = e.errno() == Errno.ENOENT && HOST_RULES.contains(e.step());
                if (!collision && !conflict || tries == TRIES) {
                    throw e;
                }
                deadline.check(e.step(), e.object());
            } catch (KernelException e) {
                throw PlanExecutor.failure("read the host's state", "host namespace", e);
            }
        }
    }

    private static HostState read(
            Kernel kernel, int host, HostMemory memory, ResolvedPolicy resolved, Deadline deadline) {
        OptionalLong before = kernel.generation(host);
        HostState state = swept(kernel, host, resolved.policy(), deadline);
        OptionalLong after = kernel.generation(host);
        if (before.isPresent() && before.equals(after)) {
            memory.learn(state, after);
        }
        return state;
    }

    private static Enforcement locked(
            Kernel kernel,
            int host,
            HostMemory memory,
            HostState state,
            ResolvedPolicy resolved,
            LinkAllocator links,
            Planner planner,
            Deadline deadline) {
        SandboxPolicy policy = resolved.policy();
        Link link = links.allocate(resolved, state).ownedBy(kernel.owner());
        RuleSet rules = resolved.on(link.veth());
        Forwarding forwarding =
                Forwarding.forRules(kernel, host, rules, state, new Uplinks(kernel, host).of(rules, state));
        Plan plan = planner.plan(policy, rules, link, state, forwarding.switchOn());
        planner.verify(plan, rules, state);
        PlanExecutor executor = new PlanExecutor(kernel, host, state.variant(), deadline);
        Action.Made namespace = executor.execute(plan);
        memory.made(kernel, host, link.host().name(), state.variant(), executor.hostChanges());
        return new Enforcement(kernel, host, state, plan, rules, namespace);
    }

    /** Reads the host's state, and takes away first what dead owners left there. */
    private static HostState swept(Kernel kernel, int host, SandboxPolicy policy, Deadline deadline) {
        HostState state = HostState.read(kernel, host, policy.iptables(), deadline);
        Orphans orphans = Orphans.find(kernel, host, state.listed().links());
        if (orphans.isEmpty() && state.dead().isEmpty()) {
            return state;
        }
        // One that can't be ended is cut off, and does not keep others from being made: the next sweep tries again.
        new HostSweep(kernel, host, state.variant(), deadline).remove(orphans);
        return HostState.read(kernel, host, policy.iptables(), deadline);
    }

    /** Returns the sandbox's descriptor. */
    public int namespace() {
        return namespace.descriptor();
    }

    /** Returns the sandbox's inode. */
    public long inode() {
        return namespace.inode();
    }

    /** Returns what is in force. */
    public RuleSet ruleSet() {
        return ruleSet;
    }

    /** Returns the variant of iptables that it is in force with. */
    public IptablesVariant variant() {
        return state.variant();
    }

    /** Returns what was done. */
    public SandboxPlan plan() {
        return plan.shown();
    }

    /** Returns the rules of both ends as they were sent. */
    public Rulesets sent() {
        return plan.rulesets(state);
    }

    /**
     * Reads the rules of both ends back, compares them with what was sent, and proves that they admit exactly what is
     * to be in force.
     *
     * @param inside a descriptor of the sandbox's namespace
     * @param outside one of the host's
     * @throws dev.openshell.netns.VerificationException when somebody changed them
     */
    public Verified verifyLoaded(int inside, int outside, Deadline deadline) {
        Rulesets loaded = new Rulesets();
        try (Kernel.Lock lock = kernel.lock(outside, deadline)) {
            kernel.iptables(outside, state.variant(), deadline);
            kernel.iptables(inside, state.variant(), deadline);
            for (Family family : state.rules().keySet()) {
                loaded.sandbox(family, kernel.save(inside, family, state.variant(), deadline));
                loaded.host(family, kernel.save(outside, family, state.variant(), deadline));
            }
        } catch (KernelException e) {
            throw PlanExecutor.failure("read the rules back", ruleSet.veth().hostInterface(), e);
        }
        plan.forwarding().forEach((family, links) -> links.forEach(each -> loaded.guarded(family, each)));
        return Proof.ofLoaded(ruleSet, sent(), loaded);
    }

    /** Returns what keeps its rules on the host as they are. */
    public Upkeep upkeep() {
        return Upkeep.of(kernel, state, plan, ruleSet);
    }

    /** Returns the address of the host end of the link, by which the processes inside are known. */
    public String hostMac() {
        return HexFormat.ofDelimiter(":").formatHex(plan.link().host().mac());
    }

    /** Returns where the namespace is published, if it is. */
    public Optional<Path> published() {
        return plan.steps().stream()
                .map(Plan.Step::action)
                .filter(Action.Publish.class::isInstance)
                .map(action -> ((Action.Publish) action).path())
                .findFirst();
    }

    /** Deletes the link at once, where a sandbox that was made is not handed out after all. */
    public void deleteLink() {
        PlanExecutor executor =
                new PlanExecutor(kernel, host, state.variant(), Deadline.in(PlanExecutor.UNDO_LIMIT)).on(namespace);
        PlanExecutor.throwAny(executor.undo(plan.steps().stream()
                .filter(step -> step.when() == Plan.Undo.IF_FAILED)
                .flatMap(step -> step.undo().stream())
                .toList()));
    }

    /**
     * Ends it: the link goes down first, so that from then on nothing passes; then {@code endProcesses} runs; then the
     * host's rules go and the descriptor is closed. Each part is tried whatever became of the others.
     *
     * @param used whether anything ever ran or opened a socket inside
     * @throws NetnsException the first failure, with the others as suppressed
     */
    public void close(HostMemory memory, boolean used, Runnable endProcesses) {
        PlanExecutor executor =
                new PlanExecutor(kernel, host, state.variant(), Deadline.in(PlanExecutor.UNDO_LIMIT)).on(namespace);
        List<Action> undo = plan.steps().stream()
                .filter(step -> step.when() != Plan.Undo.IF_FAILED)
                .flatMap(step -> step.undo().stream())
                .toList();
        // Sooner than anything that takes time: until then what can't be sent is tried again, ever more seldom, and
        // each
        // such connection holds the namespace to its next try.
        List<Action> hasten = undo.stream()
                .filter(action -> used && action instanceof Action.SetSysctl)
                .toList();
        List<Action> cut =
                undo.stream().filter(Action.ConfigureIfThere.class::isInstance).toList();
        List<Action> release =
                undo.stream().filter(Action.Release.class::isInstance).toList();
        List<Action> rest = undo.stream()
                .filter(action ->
                        !cut.contains(action) && !release.contains(action) && !(action instanceof Action.SetSysctl))
                .toList();
        List<RuntimeException> failures = new ArrayList<>(executor.undo(cut));
        boolean isCut = failures.isEmpty();
        failures.addAll(executor.undo(hasten));
        failures.addAll(attempt("end the processes", endProcesses));
        failures.addAll(attempt("lock the host namespace", () -> {
            try (Kernel.Lock lock = kernel.lock(host, Deadline.in(PlanExecutor.UNDO_LIMIT))) {
                if (!isCut || !releasedAlone(memory)) {
                    failures.addAll(executor.undo(release));
                }
                memory.gone(kernel, host, ruleSet.veth().hostInterface());
            }
        }));
        failures.addAll(executor.undo(rest));
        PlanExecutor.throwAny(failures);
    }

    /** Takes away its own rules where others of this process need all the rest, which need not be read then. */
    private boolean releasedAlone(HostMemory memory) {
        String link = ruleSet.veth().hostInterface();
        if (!memory.hasOther(link)) {
            return false;
        }
        Map<Family, String> texts = new EnumMap<>(Family.class);
        for (Plan.Step step : plan.steps()) {
            if (step.action() instanceof Action.Load load && step.name().equals(Planner.ALLOW)) {
                String text = HostRules.undoing(load.text(), link);
                if (!text.isEmpty()) {
                    texts.put(load.family(), text);
                }
            }
        }
        try {
            kernel.restore(host, texts, state.variant(), true, Deadline.in(PlanExecutor.UNDO_LIMIT));
            return true;
        } catch (KernelException e) {
            // Some of it is there no more: what is there has to be looked at.
            return false;
        }
    }

    private List<RuntimeException> attempt(String step, Runnable part) {
        try {
            part.run();
            return List.of();
        } catch (RuntimeException e) {
            return List.of(PlanExecutor.failure(step, ruleSet.veth().hostInterface(), e));
        }
    }
}
