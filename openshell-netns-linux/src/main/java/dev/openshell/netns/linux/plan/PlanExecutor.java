package dev.openshell.netns.linux.plan;

import dev.openshell.netns.Family;
import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.base.Owner;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import dev.openshell.netns.linux.plan.Action.Where;
import dev.openshell.netns.linux.plan.Plan.Step;
import dev.openshell.netns.linux.plan.Plan.Undo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Carries out a plan over the kernel, and undoes it: all of it when a step fails, or later when the sandbox closes. */
final class PlanExecutor {
    /** The limit for undoing and closing, which have to get through. */
    static final Duration UNDO_LIMIT = Duration.ofSeconds(30);

    private final Kernel kernel;
    private final int host;
    private final IptablesVariant variant;
    private final Deadline deadline;
    private Action.@Nullable Made sandbox;
    private Kernel.@Nullable Stay stay;
    private int hostChanges;

    PlanExecutor(Kernel kernel, int host, IptablesVariant variant, Deadline deadline) {
        this.kernel = kernel;
        this.host = host;
        this.variant = variant;
        this.deadline = deadline;
    }

    /** Continues for {@code sandbox}. */
    PlanExecutor on(Action.@Nullable Made sandbox) {
        this.sandbox = sandbox;
        return this;
    }

    /**
     * Carries out all steps and returns the sandbox's namespace.
     *
     * @throws NetnsException naming the step that failed; all is undone then
     */
    Action.Made execute(Plan plan) {
        try {
            return executeAll(plan);
        } finally {
            if (stay != null) {
                stay.close();
            }
        }
    }

    private Action.Made executeAll(Plan plan) {
        List<Step> done = new ArrayList<>();
        while (done.size() < plan.steps().size()) {
            List<Step> together = together(plan.steps(), done.size());
            String step = together.get(0).name();
            String object = together.stream().map(Step::object).collect(Collectors.joining(" and "));
            try {
                deadline.check(step, object);
                run(together);
                done.addAll(together);
            } catch (RuntimeException | Error e) {
                throw undoAfter(failure(step, object, e), together, done);
            }
        }
        return made();
    }

    /** Returns the step {@code first}, with those behind it that are done by the same call. */
    private static List<Step> together(List<Step> steps, int first) {
        Set<Family> families = EnumSet.noneOf(Family.class);
        int end = first;
        while (end < steps.size()
                && steps.get(end).name().equals(steps.get(first).name())) {
            Action action = steps.get(end).action();
            boolean same = action instanceof Action.Load load
                    ? families.add(load.family())
                    : action instanceof Action.SetSysctl sysctl
                            && steps.get(first).action() instanceof Action.SetSysctl begun
                            && sysctl.where() == begun.where();
            if (!same) {
                break;
            }
            end++;
        }
        return steps.subList(first, Math.max(end, first + 1));
    }

    private void run(List<Step> together) {
        Action first = together.get(0).action();
        if (together.size() == 1) {
            run(first);
        } else if (first instanceof Action.Load load) {
            Map<Family, String> texts = new EnumMap<>(Family.class);
            together.stream()
                    .map(step -> (Action.Load) step.action())
                    .filter(each -> !each.text().isEmpty())
                    .forEach(each -> texts.put(each.family(), each.text()));
            restore(load.where(), texts);
        } else if (first instanceof Action.SetSysctl sysctl) {
            Map<String, String> values = new LinkedHashMap<>();
            together.stream()
                    .map(step -> (Action.SetSysctl) step.action())
                    .forEach(each -> values.put(each.key(), each.value()));
            kernel.writeSysctls(namespace(sysctl.where()), values);
        }
    }

    private RuntimeException undoAfter(RuntimeException failure, List<Step> failed, List<Step> done) {
        List<Action> undo = new ArrayList<>();
        for (Step step : done) {
            step.undo().ifPresent(undo::add);
        }
        for (Step step : failed) {
            if (step.when() != Undo.IF_DONE) {
                step.undo().ifPresent(undo::add);
            }
        }
        // Also when it is an interrupt or the deadline that ended the making.
        boolean interrupted = Thread.interrupted();
        PlanExecutor undoer = new PlanExecutor(kernel, host, variant, Deadline.in(UNDO_LIMIT)).on(sandbox);
        undoer.undo(undo).forEach(failure::addSuppressed);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return failure;
    }

    /** Undoes {@code actions}, the last one first and equal ones once, and returns what failed. */
    List<RuntimeException> undo(List<Action> actions) {
        List<RuntimeException> failures = new ArrayList<>();
        List<Action> reversed = new ArrayList<>(actions);
        Collections.reverse(reversed);
        for (Action action : reversed.stream().distinct().toList()) {
            try {
                run(action);
            } catch (RuntimeException e) {
                failures.add(failure("undo", action.getClass().getSimpleName(), e));
            }
        }
        return failures;
    }

    private void run(Action action) {
        if (action instanceof Action.CreateNamespace) {
            Owner owner = kernel.owner();
            // On record before its inode is asked for, which may fail.
            Kernel.NewNamespace made = kernel.newNamespace();
            stay = made.stay();
            sandbox = new Action.Made(made.descriptor(), 0, owner);
            sandbox = new Action.Made(made().descriptor(), kernel.inode(made().descriptor()), owner);
        } else if (action instanceof Action.CloseNamespace) {
            if (sandbox != null) {
                kernel.close(sandbox.descriptor());
            }
        } else if (action instanceof Action.Load load) {
            restore(load.where(), load.text().isEmpty() ? Map.of() : Map.of(load.family(), load.text()));
        } else if (action instanceof Action.Configure configure) {
            Netlink.send(
                    kernel, namespace(configure.where()), configure.request().apply(made()));
        } else if (action instanceof Action.ConfigureIfThere configure) {
            Netlink.sendIfThere(
                    kernel, namespace(configure.where()), configure.request().apply(made()));
        } else if (action instanceof Action.SetSysctl sysctl) {
            kernel.writeSysctl(namespace(sysctl.where()), sysctl.key(), sysctl.value());
        } else if (action instanceof Action.Release release) {
            new HostSweep(kernel, host, variant, deadline).release(release);
        } else if (action instanceof Action.Publish publish) {
            kernel.publish(
                    made().descriptor(),
                    publish.path(),
                    made().mark(publish.detached()).toString());
        } else if (action instanceof Action.Unpublish unpublish) {
            kernel.unpublish(unpublish.path());
        }
    }

    private void restore(Where where, Map<Family, String> texts) {
        if (!texts.isEmpty()) {
            hostChanges += where == Where.HOST ? 1 : 0;
            kernel.restore(namespace(where), texts, variant, where == Where.HOST, deadline);
        }
    }

    /** Returns how often the host's rules were changed. */
    int hostChanges() {
        return hostChanges;
    }

    private int namespace(Where where) {
        return where == Where.HOST ? host : made().descriptor();
    }

    private Action.Made made() {
        return Objects.requireNonNull(sandbox, "no namespace was made yet");
    }

    /** Throws the first of {@code failures}, if there are any, with the others as suppressed. */
    static void throwAny(List<RuntimeException> failures) {
        if (!failures.isEmpty()) {
            RuntimeException first = failures.get(0);
            failures.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        }
    }

    /** Returns {@code e} as what a caller gets to see. */
    static NetnsException failure(String step, String object, Throwable e) {
        if (e instanceof NetnsException known) {
            return known;
        }
        if (e instanceof KernelException refused) {
            return new NetnsException(step, object, refused.errno(), refused.getMessage(), refused.remedy(), refused);
        }
        return new NetnsException(step, object, 0, e.toString(), "see the cause", e);
    }
}
