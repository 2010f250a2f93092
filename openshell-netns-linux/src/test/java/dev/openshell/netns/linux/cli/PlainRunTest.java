package dev.openshell.netns.linux.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What is read without picocli is what picocli reads. */
class PlainRunTest {
    private static final List<String> WORDS = List.of(
            "--",
            "--named",
            "--public-only",
            "--unlimited",
            "--proxy",
            "--dns",
            "--direct-tcp",
            "--name",
            "--timeout",
            "--link-pool",
            "--max-connections",
            "--max-connections-per-second",
            "--iptables",
            "--proxy=3128",
            "--dns=auto",
            "--direct-tcp=a.example:80",
            "--named=true",
            "--named=",
            "--name=",
            "--help",
            "-h",
            "--nosuch",
            "3128",
            "auto",
            "198.51.100.53",
            "[2001:db8::1]:443",
            "::1",
            "-1",
            "",
            "a=b",
            "'q'",
            "\"q\"",
            "true",
            "x y",
            "10.200.0.0/16",
            "@file",
            "${HOME}");

    @Test
    void everyOptionIsKnown() {
        for (OptionSpec option :
                picocli().getSubcommands().get("run").getCommandSpec().options()) {
            if (option.names()[0].startsWith("--") && !option.usageHelp() && !option.versionHelp()) {
                String name = option.names()[0];
                String[] arguments = option.arity().max() == 0
                        ? new String[] {"run", name, "--", "true"}
                        : new String[] {"run", name, "1", "--", "true"};
                assertThat(PlainRun.of(arguments))
                        .as(name + ", which PolicyOptions has to take")
                        .isPresent();
                assertSame(arguments);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run -- true",
                "run --proxy 3128 --dns auto --dns 198.51.100.53 --direct-tcp=[2001:db8::1]:443 -- sh -c x --proxy",
                "run --named --unlimited --name a -- -- --help",
            })
    void plainOnesAreReadHere(String words) {
        assertThat(PlainRun.of(words.split(" "))).isPresent();
        assertSame(words.split(" "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "plan -- true",
                "run",
                "run --",
                "run true",
                "run --help",
                "run --nosuch -- true",
                "run --proxy -- true",
                "run --proxy 1 --proxy 2 -- true",
                "run --named --named -- true",
                "run --named=true -- true",
                "run --name= -- true",
                "run --name 'a' -- true",
                "run --dns -1 -- true",
            })
    void othersAreLeftToPicocli(String words) {
        assertThat(PlainRun.of(words.split(" "))).isEmpty();
    }

    @Test
    void readsWhatPicocliReads() {
        Random random = new Random(1);
        int plain = 0;
        for (int i = 0; i < 20_000; i++) {
            List<String> words = new ArrayList<>(List.of("run"));
            for (int length = random.nextInt(7); length > 0; length--) {
                words.add(WORDS.get(random.nextInt(WORDS.size())));
            }
            words.addAll(random.nextBoolean() ? List.of("--", "true") : List.of());
            String[] arguments = words.toArray(String[]::new);
            if (PlainRun.of(arguments).isPresent()) {
                plain++;
                assertSame(arguments);
            }
        }
        assertThat(plain).isGreaterThan(1000);
    }

    private static CommandLine picocli() {
        return Main.line(new ScriptedEngine(), Commands.of("run"));
    }

    private static void assertSame(String... arguments) {
        Optional<PlainRun> plain = PlainRun.of(arguments);
        CommandLine line = picocli();
        line.parseArgs(arguments);
        Map<String, Object> read =
                values(line.getSubcommands().get("run").getCommandSpec().userObject());
        assertThat(plain.orElseThrow().command()).as("%s", List.of(arguments)).isEqualTo(read.get("command"));
        assertThat(values(plain.get().policy())).as("%s", List.of(arguments)).isEqualTo(values(read.get("policy")));
    }

    private static Map<String, Object> values(Object object) {
        Map<String, Object> values = new TreeMap<>();
        for (Field field : object.getClass().getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                field.setAccessible(true);
                try {
                    values.put(field.getName(), field.get(object));
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        return values;
    }
}
