package dev.openshell.netns.linux.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whoever sweeps after a JVM that was killed has threads in its sandboxes while the watchdog ends what is inside. */
@Tag("real-kernel")
@Tag("kernel-only")
class WatchdogVisitorIT {
    private static final int ROUNDS = 3;

    @Test
    void aJvmWithAThreadInsideLivesOn() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            try (WatchedJvm jvm = new WatchedJvm()) {
                WatchedJvm.Sandbox sandbox = jvm.sandbox();
                int watchdog = jvm.tie(sandbox);
                int inside = jvm.start(sandbox, "sleep 1000");
                Process visitor = visitor(sandbox);
                try {
                    assertThat(visitor.inputReader().readLine()).isEqualTo("ready");
                    jvm.kill();
                    while (WatchedJvm.isAlive(watchdog)) {
                        Thread.sleep(20);
                    }
                    assertThat(WatchedJvm.isAlive(inside)).isFalse();
                    visitor.outputWriter().append("end\n").flush();
                    assertThat(visitor.inputReader().readLine())
                            .as("round " + round)
                            .isEqualTo("alive");
                    assertThat(visitor.waitFor()).isZero();
                    assertThat(WatchedJvm.inside(sandbox)).isEqualTo(Set.of());
                } finally {
                    visitor.destroyForcibly().waitFor();
                }
            }
        }
    }

    private static Process visitor(WatchedJvm.Sandbox sandbox) throws IOException {
        return new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        WatchdogVisitor.class.getName(),
                        "/run/netns/" + sandbox.name())
                .redirectErrorStream(true)
                .start();
    }
}
