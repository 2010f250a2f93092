package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReportCommandTest {
    private final ScriptedEngine engine = new ScriptedEngine();

    @Test
    void printsALineForEachFinding() {
        assertThat(Run.of(engine, "report --dns 10.43.0.10"))
                .isEqualTo(new Run(
                        0,
                        """
                open-resolver 10.43.0.10: can carry data out
                landlock kernel: has "Landlock"
                """,
                        ""));
        assertThat(engine.policies.get(0).dnsServers()).hasSize(1);
    }

    @Test
    void asJson() {
        assertThat(Run.of(engine, "report --json"))
                .isEqualTo(new Run(
                        0,
                        "{\"findings\":[{\"kind\":\"open-resolver\",\"subject\":\"10.43.0.10\",\"text\":\"can carry"
                                + " data out\"},{\"kind\":\"landlock\",\"subject\":\"kernel\",\"text\":\"has"
                                + " \\\"Landlock\\\"\"}]}\n",
                        ""));
    }
}
