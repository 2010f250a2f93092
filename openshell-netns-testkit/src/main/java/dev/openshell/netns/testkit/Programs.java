package dev.openshell.netns.testkit;

import dev.openshell.netns.testkit.net.Netns;
import java.io.IOException;
import java.time.Duration;

public final class Programs {
    Programs(FakeKernel kernel) {}

    Process start(Netns netns, String resolvConf, ProcessBuilder command) throws IOException {
        throw new UnsupportedOperationException();
    }

    void end(Netns netns, Duration grace) {}
}
