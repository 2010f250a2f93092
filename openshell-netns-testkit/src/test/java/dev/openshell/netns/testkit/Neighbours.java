package dev.openshell.netns.testkit;

import dev.openshell.netns.SandboxPolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** A sandbox that closes, or whose owner dies, goes alone: its neighbours keep exactly their policies. */
final class Neighbours {
    private static final String DEAD = "dead";

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

    /** What comes after a death, and clears up. */
    private enum Next {
        APPLY,
        APPLY_BY_ANOTHER,
        CLOSE
    }

    /** Lets the owner of one die, and then has another one made, by whomever, or closed. */
    static List<String> death(SandboxPolicy neighbour, SandboxPolicy mortal, Opened.Providers providers) {
        List<String> findings = new ArrayList<>();
        for (Next next : Next.values()) {
            FakeKernel survivor = Opened.host();
            List<String> before = survivor.state();
            Opened living = Opened.of(survivor, neighbour, providers);
            Opened closing = Opened.of(survivor, mortal, providers);
            if (next != Next.CLOSE) {
                closing.close();
            }
            FakeKernel other = survivor.otherProcess();
            Opened dead = Opened.of(other, mortal.toBuilder().name(DEAD).policy(), providers);
            other.die();
            // A name that was published outlives its owner.
            survivor.machine().paths().stream()
                    .filter(path -> path.endsWith("/" + DEAD))
                    .forEach(path -> survivor.unpublish(Path.of(path)));
            Opened late = next == Next.CLOSE
                    ? closing
                    : Opened.of(next == Next.APPLY ? survivor : survivor.otherProcess(), mortal, providers);
            if (next == Next.CLOSE) {
                late.close();
            }
            dead.traces().forEach(line -> findings.add("died beside others, then " + next + ": left " + line));
            Denial.check(living).forEach(line -> findings.add("another one's owner died, " + line));
            late.close();
            living.close();
            Opened.difference(before, survivor.state()).forEach(line -> findings.add("a death, all closed: " + line));
        }
        return findings;
    }
}
