package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.openshell.netns.NetnsSandbox;
import dev.openshell.netns.PolicyInspection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/** The commands that say what a policy does, as scripts run them: in the pod, as a user without any privilege. */
@Tag("real-kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class InspectCommandsIT {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final List<String> NOBODY = List.of(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all");
    private static final String RULES =
            """
            *filter
            :OUTPUT DROP [0:0]
            -A OUTPUT -d 203.0.113.0/24 -p tcp -m tcp --dport 443 -j ACCEPT
            COMMIT
            """;

    private final PodWorld world = PodWorld.open(PodWorld.Variant.PLAIN);
    private Path directory;
    private Path jar;
    private Path rules;

    /** What a run of the command line left. */
    record Run(int status, String out, String err) {
        List<String> lines() {
            return out.lines().toList();
        }

        String last() {
            return lines().get(lines().size() - 1);
        }

        JsonObject json() {
            assertThat(lines()).hasSize(1);
            return JsonParser.parseString(out).getAsJsonObject();
        }
    }

    /** The jar has to be where anybody can read it. */
    @BeforeAll
    void layOut() throws IOException {
        directory = Files.createTempDirectory("openshell-inspect-");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        jar = directory.resolve("openshell-netns.jar");
        Files.copy(Path.of(System.getProperty("openshell.jar")), jar, StandardCopyOption.REPLACE_EXISTING);
        rules = Files.writeString(directory.resolve("rules"), RULES);
    }

    @AfterAll
    void tearDown() throws IOException {
        world.close();
        try (var files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    private Run run(List<String> user, String input, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", world.pod()));
        command.addAll(user);
        command.addAll(List.of(JAVA, "-XX:TieredStopAtLevel=1", "-jar", jar.toString()));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("OPENSHELL_"));
        Process process = builder.start();
        process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), out, err);
    }

    /** Runs a command that answers: it writes nothing but the answer. */
    private Run answer(int status, String... arguments) throws Exception {
        return answered(status, run(NOBODY, "", arguments));
    }

    private static Run answered(int status, Run run) {
        assertThat(run.status).as(run.toString()).isEqualTo(status);
        assertThat(run.err).isEmpty();
        assertThat(run.out).endsWith("\n").doesNotContain("\u001b");
        return run;
    }

    /** Runs a command that can't answer: it says why, and nothing else. */
    private static void refused(int status, Run run, String... words) {
        assertThat(run.status).as(run.toString()).isEqualTo(status);
        assertThat(run.out).isEmpty();
        assertThat(run.err)
                .startsWith("openshell-netns: ")
                .contains(words)
                .doesNotContain("Exception", "\tat ", "\u001b");
    }

    private static List<String> texts(JsonArray array, String field) {
        return array.asList().stream()
                .map(JsonElement::getAsJsonObject)
                .map(each -> each.get(field).getAsString())
                .toList();
    }

    @Test
    void explain() throws Exception {
        Run allowed = answer(0, "explain", "--direct-tcp", "db.internal:5432", "tcp:db.internal:5432");
        assertThat(allowed.lines().get(0)).isEqualTo("allowed tcp:db.internal:5432");
        assertThat(allowed.out)
                .contains(
                        "203.0.113.12 allowed by directTcp(\"db.internal\", 5432)",
                        "host nat POSTROUTING: MASQUERADE by");
        JsonObject denied = answer(1, "explain", "--json", "--dns", PodWorld.DNS, "udp:203.0.113.66:53")
                .json();
        assertThat(denied.get("result").getAsString()).isEqualTo("denied");
        JsonObject way = denied.getAsJsonArray("ways").get(0).getAsJsonObject();
        assertThat(way.get("advice").getAsString()).isEqualTo("allowDns(\"203.0.113.66\")");
        assertThat(way.getAsJsonArray("options").get(0).getAsString()).isEqualTo("--dns 203.0.113.66");
        assertThat(texts(way.getAsJsonArray("hops"), "verdict")).containsExactly("REJECT", "NONE", "DROP");
        refused(
                2,
                run(NOBODY, "", "explain", "tcp:203.0.113.10"),
                "'tcp:203.0.113.10' is not a flow",
                "give one behind");
        refused(125, run(NOBODY, "", "explain", "tcp:nosuch.example:443"), "nosuch.example");
    }

    @Test
    void explainOfRulesFromElsewhere() throws Exception {
        Run unknown = answered(
                3,
                run(
                        NOBODY,
                        "*filter\n-A OUTPUT -m limit --limit 5/min -j ACCEPT\nCOMMIT\n",
                        "explain",
                        "--rules",
                        "-",
                        "--family",
                        "ipv4",
                        "--chain",
                        "OUTPUT",
                        "tcp:203.0.113.10:443"));
        assertThat(unknown.last()).isEqualTo("unknown limit");
    }

    @Test
    void verify() throws Exception {
        Run equal = answer(0, "verify", "--proxy", "3128", "--dns", PodWorld.DNS, "--direct-tcp", PodWorld.LISTED6);
        assertThat(equal.lines()).hasSize(2);
        assertThat(equal.lines().get(0)).matches("2\\^\\d+\\.\\d packets in \\d+ regions, \\d+ µs");
        assertThat(equal.last()).isEqualTo("equal");
        refused(125, run(NOBODY, "", "verify", "--direct-tcp", "nosuch.example"), "nosuch.example");
    }

    @Test
    void verifyOfRulesFromElsewhere() throws Exception {
        List<String> given = List.of("--rules", rules.toString(), "--family", "ipv4", "--chain", "OUTPUT");
        List<String> command = new ArrayList<>(List.of("verify", "--direct-tcp", PodWorld.LISTED));
        command.addAll(given);
        Run found = answer(1, command.toArray(String[]::new));
        assertThat(found.lines()).contains("OUTPUT admits:", "  tcp:203.0.113.0/24:443");
        assertThat(found.lines().get(found.lines().size() - 2))
                .isEqualTo("by the rule: -A OUTPUT -d 203.0.113.0/24 -p tcp -m tcp --dport 443 -j ACCEPT");
        assertThat(found.last()).isEqualTo("counterexample tcp:203.0.113.0:443 admitted");
        command.add("--json");
        JsonObject json = answer(1, command.toArray(String[]::new)).json();
        assertThat(json.get("result").getAsString()).isEqualTo("counterexample");
        assertThat(json.get("flow").getAsString()).isEqualTo("tcp:203.0.113.0:443");
        assertThat(json.get("verdict").getAsString()).isEqualTo("admitted");
        assertThat(json.get("admittedRegions").getAsInt()).isEqualTo(1);
        JsonObject unknown = answered(
                        3,
                        run(
                                NOBODY,
                                RULES.replace("-j ACCEPT", "-m owner --uid-owner 0 -j ACCEPT"),
                                "verify",
                                "--json",
                                "--rules",
                                "-",
                                "--family",
                                "ipv4",
                                "--chain",
                                "OUTPUT"))
                .json();
        assertThat(unknown.get("result").getAsString()).isEqualTo("unknown");
        assertThat(unknown.get("token").getAsString()).isEqualTo("owner");
        refused(2, run(NOBODY, "", "verify", "--rules", rules.toString(), "--family", "ipv4"), "--chain");
    }

    @Test
    void plan() throws Exception {
        PolicyInspection here = NetnsSandbox.builder()
                .proxy(3128)
                .allowDns(PodWorld.DNS)
                .directTcp(PodWorld.LISTED)
                .inspect();
        String[] options = {"--proxy", "3128", "--dns", PodWorld.DNS, "--direct-tcp", PodWorld.LISTED};
        Run text = answer(0, with(options, "plan"));
        assertThat(text.out).isEqualTo(here.plan().toString());
        assertThat(text.lines())
                .startsWith(
                        "# link osh-plan - eth0",
                        "# host 10.200.0.1 sandbox 10.200.0.2 network 10.200.0.0/30",
                        "# namespace=sandbox family=ipv4",
                        "*filter")
                .contains(
                        "# namespace=sandbox family=ipv6",
                        "# namespace=host family=ipv4",
                        "# namespace=host family=ipv6");
        JsonObject json = answer(0, with(options, "plan", "--json")).json();
        assertThat(texts(json.getAsJsonArray("inputs"), "text"))
                .isEqualTo(
                        here.plan().inputs().stream().map(input -> input.text()).toList());
        Path picture = directory.resolve("plan.svg");
        Run drawn = run(NOBODY, "", with(options, "plan", "--svg", picture.toString()));
        assertThat(drawn).isEqualTo(new Run(0, "", ""));
        assertThat(Files.readString(picture)).isEqualTo(here.svg());
        assertThat(DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(picture.toFile())
                        .getDocumentElement()
                        .getTagName())
                .isEqualTo("svg");
    }

    private static String[] with(String[] options, String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of(options));
        return all.toArray(String[]::new);
    }

    @Test
    void diff() throws Exception {
        Run changed = answer(1, "diff", "--proxy", "3128", "--", "--proxy", "3128", "--direct-tcp", "db.internal");
        assertThat(changed.out).isEqualTo("+ tcp:203.0.113.12:443 directTcp(\"db.internal\")\n");
        JsonObject same = answer(0, "diff", "--json", "--dns", PodWorld.DNS, "--", "--dns", PodWorld.DNS)
                .json();
        assertThat(same.get("result").getAsString()).isEqualTo("unchanged");
    }

    @Test
    void report() throws Exception {
        Run text = answer(0, "report", "--dns", PodWorld.DNS, "--proxy", "3128");
        assertThat(text.lines())
                .anyMatch(line -> line.startsWith("open-resolver 10.43.0.10: "))
                .anyMatch(line -> line.startsWith("proxy proxy(3128): "));
        JsonObject json = answer(0, "report", "--json").json();
        assertThat(texts(json.getAsJsonArray("findings"), "kind")).contains("iptables", "logging", "landlock");
    }

    @Test
    void diffToALiveSandbox() throws Exception {
        String name = "osh-live-" + world.pod().substring("osh-pod-".length());
        String[] same = {"--proxy", "3128", "--direct-tcp", PodWorld.LISTED};
        try (NetnsSandbox sandbox = NetnsSandbox.builder()
                        .hostNamespace(world.podPath())
                        .name(name)
                        .named()
                        .proxy(3128)
                        .directTcp(PodWorld.LISTED)
                        .apply();
                Socket socket = sandbox.sockets().socketFactory().createSocket()) {
            socket.connect(new InetSocketAddress(InetAddresses.forString(PodWorld.LISTED), 443), 5000);
            String link = sandbox.veth().hostInterface();
            Run cut = answered(1, run(List.of(), "", "diff", "--live", link, "--proxy", "3128", "--dns", PodWorld.DNS));
            assertThat(cut.lines())
                    .hasSize(4)
                    .startsWith(
                            "+ tcp:10.43.0.10:53 allowDns(\"10.43.0.10\")",
                            "+ udp:10.43.0.10:53 allowDns(\"10.43.0.10\")",
                            "- tcp:203.0.113.10:443 directTcp(203.0.113.10)");
            assertThat(cut.last())
                    .matches("cut tcp:203\\.0\\.113\\.10:443 from port " + socket.getLocalPort() + ", [A-Z_]+");
            Run none = answered(0, run(List.of(), "", with(same, "diff", "--live", name)));
            assertThat(none.out).isEqualTo("nothing changes\n");
            refused(125, run(NOBODY, "", with(same, "diff", "--live", link)), "CAP_");
        }
        refused(125, run(List.of(), "", with(same, "diff", "--live", name)), name);
    }
}
