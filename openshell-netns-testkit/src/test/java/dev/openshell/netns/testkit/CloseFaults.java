package dev.openshell.netns.testkit;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.SandboxPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A failure of any kind at any call of {@code close} is reported or got over; nothing more is let out for it, and the
 * next sandbox leaves the kernel as it was.
 */
final class CloseFaults {
    private CloseFaults() {}

    static List<String> check(SandboxPolicy policy, Opened.Providers providers, Supplier<FakeKernel> world) {
        List<String> findings = new ArrayList<>();
        FakeKernel plain = world.get();
        Opened sound = Opened.of(plain, policy, providers);
        plain.script();
        sound.close();
        List<KernelCall> calls = plain.calls();
        for (Fault fault : Leftovers.faults(calls)) {
            FakeKernel kernel = world.get();
            List<String> before = kernel.state();
            Opened opened = Opened.of(kernel, policy, providers);
            opened.flush();
            List<String> meanwhile = new ArrayList<>();
            List<Fault> script = new ArrayList<>(List.of(fault));
            if (fault instanceof Fault.ErrnoAt at && calls.get(at.call() - 1) == KernelCall.NETLINK) {
                // The link may be up for longer than it should.
                script.addAll(Prefixes.each(kernel, calls.size(), policy, providers, meanwhile));
            }
            kernel.script(script.toArray(Fault[]::new));
            String what = fault + " of close";
            try {
                opened.close();
                for (String line : Opened.difference(before, kernel.state())) {
                    findings.add(what + ", not reported: " + line);
                }
            } catch (NetnsException reported) {
                what += ": " + reported.getMessage();
            }
            kernel.script();
            for (String line : meanwhile) {
                findings.add(what + ", " + line);
            }
            findings.addAll(Prefixes.now(kernel, policy, providers, what));
            again(opened, what, findings);
            Opened.of(kernel, policy, providers).close();
            for (String line : Opened.difference(before, kernel.state())) {
                findings.add(what + ", next one closed: " + line);
            }
        }
        return findings;
    }

    /** To close once more does nothing and throws nothing. */
    private static void again(Opened opened, String what, List<String> findings) {
        List<String> before = opened.kernel().state();
        try {
            opened.close();
        } catch (NetnsException e) {
            findings.add(what + ", closed again: " + e.getMessage());
        }
        if (!opened.kernel().calls().isEmpty()) {
            findings.add(what + ", closed again: called " + opened.kernel().calls());
        }
        Opened.difference(before, opened.kernel().state())
                .forEach(line -> findings.add(what + ", closed again: " + line));
    }
}
