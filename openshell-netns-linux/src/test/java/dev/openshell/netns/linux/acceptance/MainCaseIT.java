package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsSandbox;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the two environment variables and the proxy port allow works, with the programs that failed without them. */
@Tag("real-kernel")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class MainCaseIT {
    private static final String NAME = "wss-primary.slack.example";

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#all")
    void whatIsAllowedWorksAndNothingElseLeavesThePod(Setting setting) throws IOException {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.apply(world)) {
            assertThat(world.capture().takeFlows())
                    .as("resolving the listed names")
                    .isSubsetOf(setting.flows());

            assertThat(node(sandbox, "require('dns').resolve4('%s', (e, a) => console.log(e || a.sort().join()))"))
                    .isEqualTo("203.0.113.10,203.0.113.11");
            assertThat(node(sandbox, "require('dns').lookup('%s', 4, (e, a) => console.log(e || a))"))
                    .startsWith("203.0.113.1");
            assertThat(node(sandbox, "require('net').connect(443, '%s').on('data', d => console.log('' + d))"))
                    .matches(connectedFromPod(setting));
            assertThat(run(sandbox, "curl", "-sS", "--http0.9", "--noproxy", "*", "http://" + NAME + ":443/"))
                    .matches(connectedFromPod(setting));

            Probes inside = Setting.probes(world, sandbox);
            Map<String, Probes.Outcome> outcomes = inside.all(Setting.allowed());
            assertThat(outcomes.values()).filteredOn(outcome -> !outcome.ok()).isEmpty();
            assertThat(outcomes.get("getaddrinfo " + NAME).detail()).isEqualTo("203.0.113.10 203.0.113.11");
            assertThat(outcomes.get("tcp 203.0.113.12 5432").detail())
                    .startsWith("tcp 203.0.113.12 5432 198.51.100.2 ");
            assertThat(world.capture().takeFlows()).isEqualTo(new TreeSet<>(setting.flows()));

            // An answer that does not fit is asked for again over TCP, by the C library itself.
            assertThat(inside.one("dns udp 10.43.0.10 many.example A").detail()).contains(" TC");
            assertThat(inside.one("getaddrinfo many.example").detail().split(" "))
                    .hasSize(60);
            assertThat(world.capture().takeFlows()).hasSize(2).isSubsetOf(setting.flows());
            assertThat(inside.one("getaddrinfo nobody.example").outcome()).isEqualTo("EAI_NONAME");
        }
    }

    private static String connectedFromPod(Setting setting) {
        String first = setting.variant() == PodWorld.Variant.HOST_SERVICE ? "10.43.9.9 8443" : "203.0.113.10 443";
        return "tcp (" + first + "|203.0.113.11 443) 198.51.100.2 \\d+";
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void theProxyAnswersOnTheHostEndAndSeesTheSandboxesOwnAddress(Setting setting) throws IOException {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.apply(world);
                Listeners proxy = world.listenInPod("tcp", Setting.host(sandbox), PodWorld.PROXY_PORT)) {
            String uri = "http://" + Setting.host(sandbox) + ":" + PodWorld.PROXY_PORT;
            assertThat(sandbox.proxyUri().toString()).isEqualTo(uri);
            world.capture().take();
            assertThat(run(sandbox, "curl", "-sS", "--http0.9", "--noproxy", "*", uri))
                    .startsWith("tcp " + Setting.host(sandbox) + " 3128 " + Setting.inside(sandbox) + " ");
            assertThat(proxy.take()).hasSize(1);
            assertThat(world.capture().take()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.openshell.netns.linux.acceptance.Setting#plain")
    void nothingWorksInASandboxThatAllowsNothing(Setting setting) {
        try (PodWorld world = setting.open();
                NetnsSandbox sandbox = setting.builder(world).apply()) {
            Probes inside = Setting.probes(world, sandbox);
            List<String> probes = new ArrayList<>(Setting.allowed());
            probes.removeIf(probe -> probe.startsWith("getaddrinfo"));
            probes.add("tcp " + Setting.host(sandbox) + " 80");
            assertThat(inside.all(probes).values()).allMatch(Probes.Outcome::refusedInTime);
            assertThat(world.capture().take()).isEmpty();
            assertThat(Probes.at(world, world::feedInPod).reached(Probes.PATIENCE, probes))
                    .hasSize(probes.size());
        }
    }

    private static String node(NetnsSandbox sandbox, String script) throws IOException {
        return run(sandbox, "node", "-e", script.formatted(NAME));
    }

    private static String run(NetnsSandbox sandbox, String... command) throws IOException {
        Process process = sandbox.start(new ProcessBuilder(command).redirectErrorStream(true));
        return Shell.finish(process, "").output().trim();
    }
}
