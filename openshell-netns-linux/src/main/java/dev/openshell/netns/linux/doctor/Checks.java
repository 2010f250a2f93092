package dev.openshell.netns.linux.doctor;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.Preflight;
import dev.openshell.netns.Preflight.Check;
import dev.openshell.netns.linux.kernel.KernelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/** The checks so far, in order. A probe that fails is a failed check, and the next one is made. */
final class Checks {
    private final List<Check> checks = new ArrayList<>();

    /** Makes the check called {@code name}. */
    void add(String name, Callable<Finding> probe) {
        Finding finding = look(probe);
        checks.add(new Check(
                name,
                finding.status(),
                finding.evidence(),
                Optional.of(finding.remedy()).filter(remedy -> !remedy.isEmpty())));
    }

    private static Finding look(Callable<Finding> probe) {
        try {
            return probe.call();
        } catch (KernelException e) {
            return Finding.failure(String.valueOf(e.getMessage()), e.remedy());
        } catch (NetnsException e) {
            return Finding.failure(String.valueOf(e.getMessage()), e.remedy());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Finding.notChecked("interrupted", "openshell-netns doctor");
        } catch (Exception | LinkageError e) {
            return Finding.failure(e.toString(), "openshell-netns doctor  # again; where it stays so, report this");
        }
    }

    Preflight report() {
        return new Preflight(checks);
    }
}
