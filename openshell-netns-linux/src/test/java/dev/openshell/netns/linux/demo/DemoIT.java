package dev.openshell.netns.linux.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.NetnsException;
import dev.openshell.netns.linux.kernel.JnaKernel;
import dev.openshell.netns.linux.kernel.Kernel;
import dev.openshell.netns.linux.kernel.KernelException;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The demo on the real kernel: as the packaged command, and what is left of it in this process. */
@Tag("real-kernel")
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class DemoIT {
    private static final String REFUSED = "refused";
    private static final String REACHED = "reached";

    /** Before and after, without the time. */
    private static final Map<String, List<String>> EXPECTED = expected();

    /** What the JDK and JNA open once and keep is there from here on. */
    @BeforeAll
    static void warmUp() {
        assertThat(Demo.run(new JnaKernel()).ok()).isTrue();
    }

    private static Map<String, List<String>> expected() {
        Map<String, List<String>> rows = new LinkedHashMap<>();
        rows.put("DNS over UDP, 10.43.0.10", List.of("yes", REFUSED, REACHED));
        rows.put("DNS over TCP, 10.43.0.10", List.of("yes", REFUSED, REACHED));
        rows.put("wss-primary.slack.com:443", List.of("yes", "EAI_AGAIN", REACHED));
        rows.put("203.0.113.10:443, its address", List.of("yes", REFUSED, REACHED));
        rows.put("db.internal:5432", List.of("yes", "EAI_AGAIN", REACHED));
        rows.put("203.0.113.12:5432, its address", List.of("yes", REFUSED, REACHED));
        rows.put("proxy, port 3128 of the host end", List.of("yes", REACHED, REACHED));
        rows.put("port 8080 of the host end", List.of("no", REFUSED, REFUSED));
        rows.put("port 80 of a listed host", List.of("no", REFUSED, REFUSED));
        rows.put("port 443 of an unlisted host", List.of("no", REFUSED, REFUSED));
        rows.put("UDP 443 of a listed host", List.of("no", REFUSED, REFUSED));
        rows.put("another resolver, 10.43.0.11", List.of("no", REFUSED, REFUSED));
        rows.put("ping to a listed host (ICMP)", List.of("no", "left the pod", REFUSED));
        rows.put("IP protocol 253 to a listed host", List.of("no", "left the pod", REFUSED));
        rows.put("IPv6, 2001:db8:2::10", List.of("no", "unreachable", "unreachable"));
        rows.put("listed host, rules inside flushed", List.of("yes", "no answer", REACHED));
        rows.put("unlisted host, rules inside flushed", List.of("no", "left the pod, no answer", "no answer"));
        return rows;
    }

    @Test
    void theCommandPrintsWhatIsReachedAndWhatIsNot(@TempDir Path directory) throws Exception {
        List<String> links = links();
        File out = directory.resolve("out").toFile();
        File err = directory.resolve("err").toFile();
        Process demo = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-jar",
                        jar().toString(),
                        "demo")
                .redirectOutput(out)
                .redirectError(err)
                .start();
        try {
            int status = demo.waitFor();
            assertThat(err).isEmpty();
            assertThat(status).isZero();
        } finally {
            demo.destroyForcibly();
        }
        List<String> lines = Files.readAllLines(out.toPath(), StandardCharsets.US_ASCII);
        assertThat(lines.get(0).split(" {2,}")).containsExactly("what", "allowed by the policy?", "before", "after");
        Map<String, List<String>> rows = new LinkedHashMap<>();
        for (String line : lines.subList(1, lines.size() - 2)) {
            String[] cells = line.split(" {2,}");
            assertThat(cells).as(line).hasSize(4);
            rows.put(cells[0], List.of(cells[1], untimed(cells[2]), untimed(cells[3])));
        }
        assertThat(rows).containsExactlyEntriesOf(EXPECTED);
        assertThat(lines.get(lines.size() - 2)).isEmpty();
        assertThat(lines.get(lines.size() - 1)).isEqualTo("after: 17 of 17 as the policy says; before: 7 of 17");
        assertThat(links()).isEqualTo(links);
    }

    /** Beside the classes of these tests. */
    private static Path jar() throws URISyntaxException {
        Path classes = Path.of(
                DemoIT.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        return classes.resolveSibling("openshell-netns.jar");
    }

    @Test
    void nothingIsLeft() throws IOException {
        List<String> before = state();
        assertThat(Demo.run(new JnaKernel()).ok()).isTrue();
        assertThat(state()).isEqualTo(before);
    }

    /** The four namespaces are the uplink, the pod, OpenShell's and the sandbox's. */
    @ParameterizedTest
    @CsvSource({
        "createNamespace, 1",
        "createNamespace, 2",
        "createNamespace, 3",
        "newNamespace, 1",
        "netlink, 1",
        "netlink, 3",
        "netlink, 6",
        "restore, 1",
        "restore, 3",
        "restore, 6"
    })
    void nothingIsLeftOfOneThatFailed(String call, int which) throws IOException {
        List<String> before = state();
        assertThatThrownBy(() -> Demo.run(failing(call, which, () -> {})))
                .isInstanceOf(NetnsException.class)
                .hasMessageContaining("(forced)");
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void anInterruptEndsIt() throws IOException {
        List<String> before = state();
        Kernel kernel = failing("restore", 1, () -> Thread.currentThread().interrupt());
        try {
            assertThatThrownBy(() -> Demo.run(kernel)).isInstanceOf(NetnsException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(state()).isEqualTo(before);
    }

    /** The real kernel, of which one call fails, or is interrupted if that is what {@code instead} does. */
    private static Kernel failing(String call, int which, Runnable instead) {
        Kernel real = new JnaKernel();
        AtomicInteger calls = new AtomicInteger();
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals(call) && calls.incrementAndGet() == which) {
                        instead.run();
                        if (!Thread.currentThread().isInterrupted()) {
                            throw new KernelException(12, "forced", "forced");
                        }
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static String untimed(String outcome) {
        assertThat(outcome).matches(".* \\(\\d{1,4} ms\\)");
        return outcome.substring(0, outcome.lastIndexOf(" ("));
    }

    private static List<String> links() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/net/dev")).stream()
                .filter(line -> line.contains(":"))
                .map(line -> line.substring(0, line.indexOf(':')).strip())
                .sorted()
                .toList();
    }

    /** Links; descriptors of namespaces, sockets and unnamed files; threads of ours; tasks in other namespaces. */
    private static List<String> state() throws IOException {
        List<String> state = new ArrayList<>(links());
        for (Path descriptor : list("/proc/self/fd")) {
            String target = target(descriptor);
            if (target.matches("(net|socket|anon_inode|pipe):.*|/memfd:.*")) {
                state.add("descriptor " + target);
            }
        }
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("openshell")) {
                state.add("thread " + thread.getName());
            }
        }
        String home = target(Path.of("/proc/self/ns/net"));
        for (Path task : list("/proc/self/task")) {
            String where = target(task.resolve("ns/net"));
            if (!where.isEmpty() && !where.equals(home)) {
                state.add("task " + task.getFileName() + " in " + where);
            }
        }
        state.sort(null);
        return state;
    }

    private static List<Path> list(String directory) {
        return List.of(Objects.requireNonNull(new File(directory).listFiles())).stream()
                .map(File::toPath)
                .toList();
    }

    private static String target(Path link) throws IOException {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException gone) {
            return "";
        }
    }
}
