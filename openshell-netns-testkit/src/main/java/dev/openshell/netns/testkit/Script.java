package dev.openshell.netns.testkit;

import dev.openshell.netns.linux.kernel.KernelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** The faults that lie ahead of one process, and the calls that it has made. */
final class Script {
    private final FakeCalls process;
    private List<Fault> faults = List.of();
    private final List<KernelCall> made = new ArrayList<>();
    private final Map<KernelCall, Integer> kinds = new EnumMap<>(KernelCall.class);

    Script(FakeCalls process) {
        this.process = process;
    }

    void set(List<Fault> ahead) {
        faults = List.copyOf(ahead);
        made.clear();
        kinds.clear();
    }

    List<KernelCall> made() {
        return List.copyOf(made);
    }

    /** Does {@code body}, or what the script wants in its place. */
    <T> T run(KernelCall kind, Supplier<T> body) {
        made.add(kind);
        kinds.merge(kind, 1, Integer::sum);
        int call = made.size();
        OptionalInt afterwards = OptionalInt.empty();
        for (Fault fault : faults) {
            if (fault instanceof Fault.ErrnoAt at && at.call() == call) {
                throw failure(at.errno(), kind);
            } else if (fault instanceof Fault.ErrnoAlways always && always.kind() == kind) {
                throw failure(always.errno(), kind);
            } else if (fault instanceof Fault.ErrnoAfter after && after.call() == call) {
                afterwards = OptionalInt.of(after.errno());
            } else if (fault instanceof Fault.Death death && death.call() == call) {
                process.end();
                throw new FakeKernel.Died();
            } else if (fault instanceof Fault.Meanwhile meanwhile && meanwhile.call() == call) {
                meanwhile.deed().accept(process.self().otherProcess());
            }
        }
        T result = body.get();
        if (afterwards.isPresent()) {
            throw failure(afterwards.getAsInt(), kind);
        }
        return result;
    }

    private static KernelException failure(int errno, KernelCall kind) {
        return new KernelException(errno, "scripted for " + kind);
    }

    /** Returns what is left of the present {@code answer} to a call of {@code kind}. */
    byte[] cut(KernelCall kind, byte[] answer) {
        int nth = kinds.getOrDefault(kind, 0);
        int left = answer.length;
        for (Fault fault : faults) {
            if (kind == KernelCall.NETLINK && fault instanceof Fault.CutAnswer cut && cut.nth() == nth) {
                left = Math.min(left, cut.bytes());
            } else if (kind == KernelCall.NETFILTER && fault instanceof Fault.CutFlows cut && cut.nth() == nth) {
                left = Math.min(left, cut.bytes());
            }
        }
        return Arrays.copyOf(answer, left);
    }

    /** Returns after how many tables the present restore dies, empty where it does not. */
    Optional<Integer> restoreDies() {
        return faults.stream()
                .filter(Fault.RestoreDies.class::isInstance)
                .map(Fault.RestoreDies.class::cast)
                .filter(dies -> dies.nth() == kinds.getOrDefault(KernelCall.RESTORE, 0))
                .map(Fault.RestoreDies::tables)
                .findFirst();
    }
}
