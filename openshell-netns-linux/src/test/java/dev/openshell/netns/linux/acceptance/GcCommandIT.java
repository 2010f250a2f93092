package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code gc} after a JVM with a sandbox was killed. */
@Tag("real-kernel")
class GcCommandIT {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    /** Counters, and the comments that have the time in them. */
    private static final Pattern UNSTEADY = Pattern.compile("\\[\\d+:\\d+]|#.*");

    private final Cleanup cleanup = new Cleanup();
    private final String pod = "osh-gc-" + String.format("%08x", new SecureRandom().nextInt());

    @BeforeEach
    void makePod() {
        WorldLinks.lonely(cleanup, pod);
    }

    @AfterEach
    void removePod() {
        cleanup.close();
    }

    /** Behind names of its own, so that those of the machine's other sandboxes are not touched. */
    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + pod, "unshare", "--mount"));
        command.addAll(List.of("sh", "-ec", "mount -t tmpfs tmpfs /run/netns; exec \"$0\" \"$@\""));
        command.addAll(List.of(JAVA, "-jar", System.getProperty("openshell.jar")));
        command.addAll(List.of(arguments));
        return command;
    }

    private Shell.Result gc(String... options) {
        List<String> command = command("gc");
        command.addAll(List.of(options));
        return Shell.run(command.toArray(String[]::new));
    }

    private String inPod(String... command) {
        return Shell.must(WorldLinks.exec(pod, command));
    }

    private String state() {
        return UNSTEADY.matcher(inPod("iptables-nft-save")).replaceAll("")
                + inPod("nft", "--stateless", "list", "ruleset")
                + inPod("ip", "-o", "link")
                + inPod("sysctl", "net.ipv4.conf.eth0.forwarding");
    }

    @ParameterizedTest
    @ValueSource(strings = {"iptables", "nftables"})
    void whatAKilledOwnerLeftIsListedAndRemoved(String backend) throws Exception {
        PodState before = PodState.of(Path.of("/run/netns", pod));
        assertThat(gc()).isEqualTo(new Shell.Result(0, ""));
        Process owner = new ProcessBuilder(command(
                        "run",
                        "--backend",
                        backend,
                        "--direct-tcp",
                        "203.0.113.10",
                        "--",
                        "sh",
                        "-c",
                        "echo there; exec sleep 1000"))
                .start();
        cleanup.later(owner::destroyForcibly);
        assertThat(owner.inputReader().readLine()).isEqualTo("there");
        assertThat(gc().output()).as("while its owner lives").isEmpty();
        assertThat(state()).contains("osh-", "203.0.113.10");

        owner.destroyForcibly().waitFor();
        // The link goes by itself, some time after the processes inside; the rules stay.
        await(() -> !inPod("ip", "-o", "link").contains("osh-"));
        String dead = state();
        assertThat(dead).contains("203.0.113.10");
        Shell.Result dry = gc("--dry-run");
        assertThat(dry.status()).as(dry.output()).isZero();
        assertThat(dry.lines())
                .anyMatch(line -> line.matches("rules osh-\\w+.*"))
                .contains("forwarding eth0");
        assertThat(state()).isEqualTo(dead);
        assertThat(gc("--dry-run", "--json").output()).startsWith("{\"dryRun\":true,\"leftovers\":[{\"kind\":\"");

        Shell.Result removed = gc();
        assertThat(removed.status()).as(removed.output()).isZero();
        assertThat(removed.lines()).containsExactlyElementsOf(dry.lines());
        assertThat(gc()).isEqualTo(new Shell.Result(0, ""));
        assertThat(PodState.of(Path.of("/run/netns", pod)).lines()).containsExactlyElementsOf(before.lines());
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(20);
        }
    }

    @Test
    void withoutPrivilegeItIs125() {
        List<String> command = new ArrayList<>(List.of("setpriv", "--inh-caps=-all", "--bounding-set=-net_admin"));
        command.addAll(List.of(JAVA, "-jar", System.getProperty("openshell.jar"), "gc"));
        Shell.Result result = Shell.run(WorldLinks.exec(pod, command.toArray(String[]::new)));
        assertThat(result.status()).isEqualTo(125);
        assertThat(result.output()).startsWith("openshell-netns: ").contains("CAP_NET_ADMIN");
    }
}
