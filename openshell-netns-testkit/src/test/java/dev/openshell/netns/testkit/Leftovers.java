package dev.openshell.netns.testkit;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** A failure of any kind at any call of {@code apply} leaves the kernel as it was; so do close and close again. */
final class Leftovers {
    private static final int EIO = 5;
    /** Calls that can't fail, or whose failure is the answer "no". */
    private static final Set<KernelCall> NEVER_FAIL = Set.of(KernelCall.CLOSE, KernelCall.UNPUBLISH);
    /** Calls that can fail after having done something. */
    private static final Set<KernelCall> HALF_DONE =
            Set.of(KernelCall.NETLINK, KernelCall.NETFILTER, KernelCall.RESTORE, KernelCall.WRITE_SYSCTL);
    /** In the middle of a header, and of what is behind it. */
    private static final int[] CUTS = {7, 17, 30};
    /** None at all as well; whatever is asked of nfnetlink, the answer has twenty bytes at least. */
    private static final int[] CUTS_OF_NFNETLINK = {0, 17};

    private Leftovers() {}

    static List<String> check(SandboxPolicy policy, Opened.Providers providers) {
        return check(policy, providers, Opened::host);
    }

    static List<String> check(SandboxPolicy policy, Opened.Providers providers, Supplier<FakeKernel> world) {
        List<String> findings = new ArrayList<>();
        FakeKernel plain = world.get();
        List<String> before = plain.state();
        plain.script();
        NetnsSandbox sandbox = providers.of(plain, Opened::resolve).apply(policy);
        List<KernelCall> calls = plain.calls();
        sandbox.close();
        sandbox.close();
        compare(findings, before, plain, "close");
        try {
            providers.of(plain, Opened::resolve).apply(policy).close();
            compare(findings, before, plain, "apply after close");
        } catch (NetnsException e) {
            findings.add("apply after close: " + e.getMessage());
        }
        List<Fault> faults = faults(calls);
        EnumSet.copyOf(calls).stream()
                .filter(kind -> !NEVER_FAIL.contains(kind))
                .forEach(kind -> faults.add(new Fault.ErrnoAlways(kind, EIO)));
        for (Fault fault : faults) {
            FakeKernel kernel = world.get();
            kernel.script(fault);
            try (NetnsSandbox made = providers.of(kernel, Opened::resolve).apply(policy)) {
                findings.add(fault + " went unnoticed by " + made);
            } catch (NetnsException e) {
                if (e.step().isBlank() || e.object().isBlank() || e.remedy().isBlank()) {
                    findings.add(fault + ": no step, object or remedy: " + e);
                }
                compare(findings, before, kernel, fault + ": " + e.getMessage());
            }
        }
        return findings;
    }

    /** Every fault at every one of these calls. */
    static List<Fault> faults(List<KernelCall> calls) {
        List<Fault> faults = new ArrayList<>();
        int netlink = 0;
        int netfilter = 0;
        int restore = 0;
        for (int call = 1; call <= calls.size(); call++) {
            KernelCall kind = calls.get(call - 1);
            if (!NEVER_FAIL.contains(kind)) {
                faults.add(new Fault.ErrnoAt(call, EIO));
            }
            if (HALF_DONE.contains(kind)) {
                faults.add(new Fault.ErrnoAfter(call, EIO));
            }
            if (kind == KernelCall.NETLINK) {
                netlink++;
                for (int bytes : CUTS) {
                    faults.add(new Fault.CutAnswer(netlink, bytes));
                }
            }
            if (kind == KernelCall.NETFILTER) {
                netfilter++;
                for (int bytes : CUTS_OF_NFNETLINK) {
                    faults.add(new Fault.CutFlows(netfilter, bytes));
                }
            }
            if (kind == KernelCall.RESTORE) {
                restore++;
                for (int tables = 0; tables < 3; tables++) {
                    faults.add(new Fault.RestoreDies(restore, tables));
                }
            }
        }
        return faults;
    }

    private static void compare(List<String> findings, List<String> before, FakeKernel kernel, String what) {
        List<String> difference = Opened.difference(before, kernel.state());
        if (!difference.isEmpty()) {
            findings.add(what + ": " + difference);
        }
    }
}
