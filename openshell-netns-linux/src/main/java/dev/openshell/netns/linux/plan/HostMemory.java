package dev.openshell.netns.linux.plan;

import dev.openshell.netns.IptablesVariant;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a host namespace from one sandbox to the next, so that the next one does not take the longer the more
 * there are. It counts for as long as this process alone has changed the rules since all was read, and for a second: what
 * is not seen in the rules, such as an owner that died, is looked for again then. Used under the host's lock, and only as
 * long as something holds the namespace, whose generations begin anew with the next.
 */
public final class HostMemory {
    private static final long SECOND = 1_000_000_000;
    private static final int UNKNOWN = 0;

    private @Nullable HostState state;
    private final Set<String> ruled = new TreeSet<>();
    /** The links of this process's sandboxes, which stay whatever becomes of the rest. */
    private final Map<String, IptablesVariant> own = new TreeMap<>();

    private OptionalLong since = OptionalLong.empty();
    private OptionalLong generation = OptionalLong.empty();
    private long read;

    /** Returns what is known of the host of descriptor {@code namespace}, empty where all has to be read. */
    synchronized Optional<HostState> state(Kernel kernel, int namespace, Deadline deadline) {
        HostState known = state;
        if (known == null || System.nanoTime() - read > SECOND || !isCurrent(kernel, namespace)) {
            return Optional.empty();
        }
        Asked around = new Asked(kernel, namespace, known.listed(), deadline);
        return Optional.of(new HostState(known.listed(), around, ruled, known.ipv6(), known.variant(), known.rules()));
    }

    /** Returns whether the rules are those that are remembered. */
    synchronized boolean isCurrent(Kernel kernel, int namespace) {
        return generation.isPresent() && kernel.generation(namespace).equals(generation);
    }

    /** Returns whether this process alone has changed the rules since {@code then}, and when that was asked for. */
    public synchronized boolean isOwnSince(OptionalLong then, OptionalLong now) {
        return since.isPresent() && then.isPresent() && then.getAsLong() >= since.getAsLong() && generation.equals(now);
    }

    /** Notes what was read when the rules were of {@code now}. */
    synchronized void learn(HostState all, OptionalLong now) {
        forget();
        state = new HostState(
                all.listed().withoutSandboxes(),
                all.around(),
                Set.of(),
                all.ipv6(),
                all.variant(),
                all.remembered().rules());
        ruled.addAll(all.ruled());
        since = now;
        generation = now;
        read = System.nanoTime();
    }

    /** Returns whether this process has a sandbox there. */
    public synchronized boolean hasOwn() {
        return !own.isEmpty();
    }

    /** Returns whether this process has another sandbox than that of {@code link}: what they share has to stay. */
    synchronized boolean hasOther(String link) {
        IptablesVariant variant = own.get(link);
        return variant != null
                && own.values().stream().filter(variant::equals).limit(2).count() == 2;
    }

    /** Notes that {@code link} has rules now, which took {@code changes} of its own and of what all sandboxes share. */
    synchronized void made(Kernel kernel, int namespace, String link, IptablesVariant variant, int changes) {
        own.put(link, variant);
        ruled.add(link);
        changed(kernel, namespace, changes);
    }

    /** Notes that {@code link} has no rules any more, which took one change where others have. */
    synchronized void gone(Kernel kernel, int namespace, String link) {
        ruled.remove(link);
        boolean alone = !hasOther(link);
        own.remove(link);
        changed(kernel, namespace, alone ? UNKNOWN : 1);
    }

    /** Only what changed nothing that all share leaves it known. */
    private void changed(Kernel kernel, int namespace, int changes) {
        OptionalLong next = OptionalLong.of(generation.orElse(0) + changes);
        boolean known = generation.isPresent() && changes == 1;
        try {
            known = known && kernel.generation(namespace).equals(next);
        } catch (KernelException e) {
            // What was changed is changed, whether or not it can be said what came of it.
            known = false;
        }
        if (known) {
            generation = next;
        } else {
            forget();
        }
    }

    /** From now on nothing is known. */
    synchronized void forget() {
        state = null;
        ruled.clear();
        since = OptionalLong.empty();
        generation = OptionalLong.empty();
    }
}
