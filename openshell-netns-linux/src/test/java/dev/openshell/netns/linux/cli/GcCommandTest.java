package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.openshell.netns.Leftover;
import dev.openshell.netns.Leftover.Kind;
import dev.openshell.netns.NetnsException;
import java.util.List;
import org.junit.jupiter.api.Test;

class GcCommandTest {
    private static final List<Leftover> LEFTOVERS = List.of(
            new Leftover(Kind.LINK, "osh-1a2b3c4d", "process 4711"),
            new Leftover(Kind.RULES, "osh-1a2b3c4d", "process 4711"),
            new Leftover(Kind.NAME, "/run/netns/agent", ""));

    private final ScriptedEngine engine = new ScriptedEngine();

    @Test
    void printsALineForEachThing() {
        engine.leftovers = LEFTOVERS;
        String lines =
                """
                link osh-1a2b3c4d of process 4711
                rules osh-1a2b3c4d of process 4711
                name /run/netns/agent
                """;
        assertThat(Run.of(engine, "gc")).isEqualTo(new Run(0, lines, ""));
        assertThat(Run.of(engine, "gc --dry-run")).isEqualTo(new Run(0, lines, ""));
        assertThat(engine.asked).containsExactly("gc false", "gc true");
    }

    @Test
    void nothingToRemoveIsNoLine() {
        assertThat(Run.of(engine, "gc")).isEqualTo(new Run(0, "", ""));
        assertThat(Run.of(engine, "gc --json")).isEqualTo(new Run(0, "{\"dryRun\":false,\"leftovers\":[]}\n", ""));
    }

    @Test
    void asJson() {
        engine.leftovers = LEFTOVERS.subList(1, 3);
        assertThat(Run.of(engine, "gc --json --dry-run"))
                .isEqualTo(new Run(
                        0,
                        "{\"dryRun\":true,\"leftovers\":[{\"kind\":\"rules\",\"name\":\"osh-1a2b3c4d\",\"owner\":"
                                + "\"process 4711\"},{\"kind\":\"name\",\"name\":\"/run/netns/agent\"}]}\n",
                        ""));
    }

    @Test
    void whatCantBeRemovedIs125() {
        engine.failure = new NetnsException("umount2", "/run/netns/agent", 1, "EPERM", "run as root", null);
        engine.failure.addSuppressed(new NetnsException("rtnetlink", "osh-1a2b3c4d", 1, "EPERM", "run as root", null));
        Run run = Run.of(engine, "gc");
        assertThat(run.status()).isEqualTo(125);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .containsExactly(
                        "openshell-netns: umount2 /run/netns/agent: EPERM (run as root)",
                        "openshell-netns: and then: rtnetlink osh-1a2b3c4d: EPERM (run as root)");
    }
}
