package dev.openshell.netns.testkit;

import dev.openshell.netns.SandboxPolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** A sandbox that closes, or whose owner dies, goes alone: its neighbours keep exactly their policies. */
final class Neighbours {
    private Neighbours() {}

    /** Closes one after the other. */
    static List<String> close(List<SandboxPolicy> policies, Opened.Providers providers, Supplier<FakeKernel> world) {
        List<String> findings = new ArrayList<>();
        FakeKernel kernel = world.get();
        List<String> before = kernel.state();
        List<Opened> living = new ArrayList<>();
        for (SandboxPolicy policy : policies) {
            living.add(Opened.of(kernel, policy, providers));
        }
        boolean intact = true;
        while (!living.isEmpty()) {
            Opened closed = living.remove(0);
            closed.close();
            closed.traces().forEach(line -> findings.add("closed beside others: left " + line));
            for (Opened neighbour : living) {
                List<String> wrong = intact ? Denial.check(neighbour) : Denial.hostEnd(neighbour);
                wrong.forEach(line -> findings.add("another one closed, " + line));
            }
            intact = false;
        }
        Opened.difference(before, kernel.state()).forEach(line -> findings.add("all closed: " + line));
        return findings;
    }

    /** Lets the owner of one die, and then has another one made, by the neighbour's owner or by somebody else. */
    static List<String> death(SandboxPolicy neighbour, SandboxPolicy mortal, Opened.Providers providers) {
        List<String> findings = new ArrayList<>();
        for (boolean byNeighbour : new boolean[] {true, false}) {
            FakeKernel survivor = Opened.host();
            List<String> before = survivor.state();
            Opened living = Opened.of(survivor, neighbour, providers);
            Set<String> paths = survivor.machine().paths();
            FakeKernel other = survivor.otherProcess();
            Opened dead = Opened.of(other, mortal, providers);
            other.die();
            // A name that was published outlives its owner.
            Set<String> published = new HashSet<>(survivor.machine().paths());
            published.removeAll(paths);
            published.forEach(path -> survivor.unpublish(Path.of(path)));
            FakeKernel next = byNeighbour ? survivor : survivor.otherProcess();
            Opened late = Opened.of(next, mortal, providers);
            dead.traces().forEach(line -> findings.add("died beside others: left " + line));
            Denial.check(living).forEach(line -> findings.add("another one's owner died, " + line));
            late.close();
            living.close();
            Opened.difference(before, survivor.state()).forEach(line -> findings.add("a death, all closed: " + line));
        }
        return findings;
    }
}
