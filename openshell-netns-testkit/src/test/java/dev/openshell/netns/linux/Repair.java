package dev.openshell.netns.linux;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.linux.base.Deadline;
import dev.openshell.netns.linux.kernel.Kernel;
import java.time.Duration;
import java.util.Optional;

/** Does what the watch on the host's rules does when they have changed. */
public final class Repair {
    private Repair() {}

    /** Loads the rules of {@code sandbox} again, whose host namespace is that of the calling thread. */
    public static void of(NetnsSandbox sandbox, Kernel kernel) {
        int host = kernel.openNamespace(Optional.empty());
        ((LiveSandbox) sandbox).upkeep().repair(host, Deadline.in(Duration.ofSeconds(10)));
        kernel.close(host);
    }
}
