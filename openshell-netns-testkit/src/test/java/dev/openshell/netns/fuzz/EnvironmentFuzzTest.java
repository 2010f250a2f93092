package dev.openshell.netns.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.SandboxPolicy;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The two environment variables, the first before the line {@code ---}: all of what they say counts, or nothing. */
public final class EnvironmentFuzzTest {
    @TestFactory
    Stream<DynamicTest> corpus() {
        return Corpus.of(EnvironmentFuzzTest.class, EnvironmentFuzzTest::fuzzerTestOneInput);
    }

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        List<String> values = Input.two(input);
        NetnsSandbox.Builder builder = NetnsSandbox.builder().directTcp("db.internal", 5432);
        SandboxPolicy before = builder.policy();
        try {
            builder.fromEnvironment(
                    Map.of("OPENSHELL_DNS_SERVER", values.get(0), "OPENSHELL_DIRECT_TCP_HOSTS", values.get(1)));
        } catch (IllegalArgumentException e) {
            Input.refusal(e, IllegalArgumentException.class);
            assertThat(e.getMessage()).startsWith("OPENSHELL_");
            assertThat(builder.policy()).isEqualTo(before);
            return;
        }
        SandboxPolicy policy = builder.policy();
        assertThat(policy.dnsServers()).hasSize(values.get(0).isBlank() ? 0 : 1);
        assertThat(policy.directHosts())
                .anyMatch(host ->
                        host.host().equals("db.internal") && host.ports().contains(5432));
        policy.directHosts().forEach(host -> assertThat(host.host()).matches("[0-9a-z_.:-]+"));
    }
}
