package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged command line, run in the pod by the JVM that runs this test. */
@Tag("real-kernel")
@TestInstance(Lifecycle.PER_CLASS)
class CommandLineIT {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final Path JAR = Path.of(System.getProperty("openshell.jar"));
    private static final int SIGTERM_STATUS = 143;

    private final PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN);
    private PodState before;

    /** What a run of the command line left. */
    record Run(int status, String out, String err) {}

    @BeforeAll
    void warmUp() throws Exception {
        assertThat(run("run", "--", "true")).isEqualTo(new Run(0, "", ""));
        before = world.settled(world.snapshot());
        before = world.settled(before);
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(world.settled(before)).isEqualTo(before);
    }

    @AfterAll
    void tearDown() {
        world.close();
    }

    private List<String> command(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of("ip", "netns", "exec", world.pod(), JAVA, "-jar", JAR.toString()));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    private Run feed(String input, Map<String, String> environment, List<String> command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("OPENSHELL_"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), out, err);
    }

    private Run run(String... arguments) throws Exception {
        return feed("", Map.of(), command(arguments));
    }

    @Test
    void givesBackExactlyWhatTheCommandWrites() throws Exception {
        Run run = feed("{\"a\":1}", Map.of(), command("run", "--dns", PodWorld.DNS, "--", "cat"));
        assertThat(run).isEqualTo(new Run(0, "{\"a\":1}", ""));
        Run both = run("run", "--", "sh", "-c", "printf out; printf err >&2");
        assertThat(both).isEqualTo(new Run(0, "out", "err"));
    }

    @Test
    void writesNothingOfItsOwnOnATerminal() throws Exception {
        // script(1) gives the command a terminal; what is written to it is its output.
        String inner = String.join(" ", command("run", "--", "printf", "'{\"a\":1}'"));
        Run run = feed("", Map.of(), List.of("script", "-qec", inner, "/dev/null"));
        assertThat(run).isEqualTo(new Run(0, "{\"a\":1}", ""));
    }

    @Test
    void honoursTheEnvironment() throws Exception {
        Map<String, String> environment =
                Map.of("OPENSHELL_DNS_SERVER", PodWorld.DNS, "OPENSHELL_DIRECT_TCP_HOSTS", PodWorld.LISTED + ":5432");
        String probe = "cat /etc/resolv.conf; " + PodWorld.python() + " " + world.script("probe.py") + " 3000 4";
        Run run = feed(
                "tcp " + PodWorld.LISTED + " 5432\ntcp " + PodWorld.LISTED + " 443\n",
                environment,
                command("run", "--", "sh", "-c", probe));
        assertThat(run.out).contains("nameserver " + PodWorld.DNS);
        assertThat(run.out.lines().filter(line -> line.startsWith("ok "))).hasSize(1);
        assertThat(run.out.lines().filter(line -> line.startsWith("ECONNREFUSED ")))
                .hasSize(1);
        assertThat(run.err).isEmpty();
    }

    @Test
    void tellsTheCommandWhereTheProxyIs() throws Exception {
        assertThat(run("run", "--proxy", "3128", "--", "sh", "-c", "echo $OPENSHELL_PROXY").out)
                .matches("http://10\\.200\\.\\d+\\.\\d+:3128\n");
    }

    static List<List<String>> statuses() {
        return List.of(
                List.of("0", "run", "--", "true"),
                List.of("1", "run", "--", "false"),
                List.of("7", "run", "--", "sh", "-c", "exit 7"),
                List.of("137", "run", "--", "sh", "-c", "kill -9 $$"),
                List.of("0", "run", "sh", "-c", "exit 0"),
                List.of("127", "run", "--", "/nosuch/program"),
                List.of("127", "run", "--", "nosuch-program"),
                List.of("126", "run", "--", "/etc/passwd"),
                List.of("126", "run", "--", "/etc"),
                List.of("125", "run", "--dns", PodWorld.POD, "--", "true"),
                List.of("125", "run", "--link-pool", "10.43.1.0/30", "--", "true"));
    }

    @ParameterizedTest
    @MethodSource("statuses")
    void exitsWithTheCommandsStatus(List<String> row) throws Exception {
        Run run = run(row.subList(1, row.size()).toArray(String[]::new));
        assertThat(run.status).as(run.toString()).isEqualTo(Integer.parseInt(row.get(0)));
        assertThat(run.out).isEmpty();
        if (run.status >= 125 && run.status < 128) {
            assertThat(run.err).startsWith("openshell-netns: ").doesNotContain("Exception", "\tat ", "\u001b");
        } else {
            assertThat(run.err).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "run",
                "run --",
                "nosuch",
                "run --nosuch -- true",
                "run --proxy abc -- true",
                "run --proxy 0 -- true",
                "run --proxy 65536 -- true",
                "run --proxy -1 -- true",
                "run --dns dns.example -- true",
                "run --dns 127.0.0.53 -- true",
                "run --direct-tcp a.example:abc -- true",
                "run --direct-tcp a.example:443: -- true",
                "run --direct-tcp -a.example -- true",
                "run --link-pool 203.0.113.0/24 -- true",
                "run --name a/b -- true",
                "run --timeout 0 -- true",
                "plan --proxy abc",
                "plan extra"
            })
    void badUsageIsTwo(String line) throws Exception {
        Run run = run(line.isEmpty() ? new String[0] : line.split(" "));
        assertThat(run.status).as(run.toString()).isEqualTo(2);
        assertThat(run.out).isEmpty();
        assertThat(run.err).startsWith("openshell-netns: ").doesNotContain("Exception", "\tat ", "\u001b");
    }

    @Test
    void aMissingToolIsSaid() throws Exception {
        List<String> command = command("run", "--", "/bin/true");
        Run run = feed("", Map.of("PATH", "/nosuch"), absolute(command));
        assertThat(run.status).isEqualTo(125);
        assertThat(run.err).contains("iptables-restore").contains("install");
    }

    @Test
    void aMissingCapabilityIsSaid() throws Exception {
        for (String capability : List.of("cap_net_admin", "cap_sys_admin")) {
            List<String> command = new ArrayList<>(List.of("setpriv", "--bounding-set", "-" + capability.substring(4)));
            command.add("--inh-caps=-all");
            command.addAll(List.of(JAVA, "-jar", JAR.toString(), "run", "--", "true"));
            List<String> inPod = new ArrayList<>(List.of("ip", "netns", "exec", world.pod()));
            inPod.addAll(command);
            Run run = feed("", Map.of(), inPod);
            assertThat(run.status).as(run.toString()).isEqualTo(125);
            assertThat(run.err).contains(capability.toUpperCase(java.util.Locale.ROOT));
        }
    }

    @Test
    void planNeedsNoPrivilegeAndIsTakenByTheRealTool() throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--bounding-set=-all",
                "--inh-caps=-all"));
        List<String> jar = command("plan", "--proxy", "3128", "--dns", PodWorld.DNS, "--direct-tcp", PodWorld.LISTED6);
        command.addAll(jar.subList(4, jar.size()));
        // The jar has to be where anybody can read it.
        Path copy = java.nio.file.Files.createTempFile("openshell-netns", ".jar");
        java.nio.file.Files.copy(JAR, copy, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        copy.toFile().setReadable(true, false);
        command.set(command.indexOf(JAR.toString()), copy.toString());
        List<String> inPod = new ArrayList<>(List.of("ip", "netns", "exec", world.pod()));
        inPod.addAll(command);
        Run run = feed("", Map.of(), inPod);
        java.nio.file.Files.delete(copy);
        assertThat(run.status).as(run.toString()).isZero();
        assertThat(run.err).isEmpty();
        String[] blocks = run.out.split("(?m)^# namespace=");
        assertThat(blocks).hasSize(5);
        for (String block : Arrays.copyOfRange(blocks, 1, 5)) {
            String tool = block.contains("family=ipv6") ? "ip6tables-nft-restore" : "iptables-nft-restore";
            String text = block.substring(block.indexOf('\n') + 1);
            assertThat(text).contains("COMMIT");
            assertThat(world.feedInPod(text, tool, "--test", "--noflush").status())
                    .as(block)
                    .isZero();
        }
        assertThat(blocks[1]).startsWith("sandbox family=ipv4").contains("--dport 3128");
        assertThat(blocks[4]).startsWith("host family=ipv6").contains(PodWorld.LISTED6);
    }

    @Test
    void aTermSignalEndsTheCommandAndRemovesTheSandbox() throws Exception {
        Process process = new ProcessBuilder(command("run", "--", "sh", "-c", "echo started; exec sleep 1000")).start();
        assertThat(process.getInputStream().read()).isEqualTo('s');
        ProcessHandle sleep = process.descendants()
                .filter(handle -> handle.info().command().orElse("").endsWith("sleep"))
                .findFirst()
                .orElse(process.toHandle());
        process.destroy();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(SIGTERM_STATUS);
        assertThat(sleep.isAlive()).isFalse();
    }

    @Test
    void whatAKilledOwnerLeavesIsSweptByTheNext() throws Exception {
        List<String> command =
                command("run", "--direct-tcp", PodWorld.LISTED, "--", "sh", "-c", "echo $$; exec sleep 1000");
        Process owner = new ProcessBuilder(command).start();
        String pid = owner.inputReader().readLine();
        ProcessHandle inside = ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
        assertThat(inside.isAlive()).isTrue();
        owner.destroyForcibly().waitFor();
        String rules = world.inPod("iptables-nft-save").output();
        assertThat(rules).contains("--ctorigdst " + PodWorld.LISTED);
        long end = System.nanoTime() + 10_000_000_000L;
        while (inside.isAlive() && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(inside.isAlive()).isFalse();
        assertThat(run("run", "--", "true").status).isZero();
        assertThat(world.inPod("iptables-nft-save").output()).doesNotContain("OPENSHELL");
    }

    @Test
    void helpAndVersionGoToStdout() throws Exception {
        assertThat(run("--help").out).contains("run", "plan", "demo");
        assertThat(run("run", "--help").out).contains("--direct-tcp", "OPENSHELL_DNS_SERVER");
        assertThat(run("--version").out).startsWith("openshell-netns 0.1");
    }

    private static List<String> absolute(List<String> command) throws IOException {
        List<String> absolute = new ArrayList<>(command);
        absolute.set(0, Shell.must("sh", "-c", "command -v ip").trim());
        return absolute;
    }
}
