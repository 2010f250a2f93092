package dev.openshell.netns.linux.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** {@code doctor} in processes that lack something, each beside the same process with it. */
@Tag("real-kernel")
@Tag("kernel-only")
@TestInstance(Lifecycle.PER_CLASS)
class DoctorCommandIT {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final String JAR = System.getProperty("openshell.jar");

    /** Refuses one system call, and runs the rest of its arguments. */
    private static final String SECCOMP =
            """
            import ctypes, os, struct, sys
            number = int(sys.argv[1])
            code = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x50000 | 1), (6, 0, 0, 0x7fff0000)]
            program = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *line) for line in code))
            header = struct.pack('HxxxxxxQ', len(code), ctypes.addressof(program))
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.prctl(38, 1, 0, 0, 0) == 0
            assert libc.prctl(22, 2, ctypes.create_string_buffer(header), 0, 0) == 0
            os.execv(sys.argv[2], sys.argv[2:])
            """;

    private final Cleanup cleanup = new Cleanup();
    private final String pod = "osh-doc-" + String.format("%08x", new SecureRandom().nextInt());
    private PodState before;

    @BeforeAll
    void makePod() {
        WorldLinks.namespace(cleanup, pod);
        before = PodState.of(Path.of("/run/netns", pod));
    }

    @AfterAll
    void removePod() {
        try {
            assertThat(PodState.of(Path.of("/run/netns", pod))).isEqualTo(before);
        } finally {
            cleanup.close();
        }
    }

    /** Runs the doctor in the pod, behind the words of {@code prefix}. */
    private Shell.Result doctor(List<String> prefix, String... options) {
        List<String> command = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + pod));
        command.addAll(prefix);
        command.addAll(List.of(JAVA, "-jar", JAR, "doctor"));
        command.addAll(List.of(options));
        return Shell.run(command.toArray(String[]::new));
    }

    /** Runs the doctor in the pod and in a mount namespace in which {@code script} was run. */
    private Shell.Result mounted(String script) {
        return doctor(List.of("unshare", "--mount", "sh", "-ec", script + "; exec \"$0\" \"$@\""));
    }

    private static List<String> without(String... capabilities) {
        return List.of("setpriv", "--inh-caps=-all", "--bounding-set=-" + String.join(",-", capabilities));
    }

    private static List<String> refusing(int number) {
        return List.of(PodWorld.python(), "-c", SECCOMP, Integer.toString(number));
    }

    private static String line(Shell.Result result, String name) {
        return result.lines().stream()
                .filter(line -> line.matches("(ok|warning|failure) " + name + ": .*"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in " + result));
    }

    @Test
    void aWholeProcess() {
        Shell.Result result = doctor(List.of());
        assertThat(result.status()).as(result.toString()).isZero();
        assertThat(result.lines())
                .isNotEmpty()
                .allMatch(line -> line.matches("(ok|warning) [a-z0-9._-]+: .*|    \\S.*"));
        for (String name : List.of("capabilities", "seccomp", "syscall.mount", "landlock", "proc-sys", "root-mount")) {
            assertThat(line(result, name)).startsWith("ok ");
        }
        assertThat(line(result, "host-namespace")).contains("net:[");
        Shell.Result json = doctor(List.of(), "--json", "--iptables", "legacy");
        assertThat(json.output()).startsWith("{\"result\":\"").contains("\"legacy: the policy says so\"");
    }

    @Test
    void aCapabilityThatIsNeeded() {
        for (String capability : List.of("net_admin", "sys_admin")) {
            Shell.Result result = doctor(without(capability));
            assertThat(result.status()).isEqualTo(1);
            assertThat(line(result, "capabilities"))
                    .startsWith("failure ")
                    .contains("no CAP_" + capability.toUpperCase(java.util.Locale.ROOT));
            assertThat(line(result, "match.conntrack")).startsWith("warning ").contains("not checked: ");
            assertThat(line(result, "rp-filter")).doesNotContain("not checked");
        }
    }

    @Test
    void capabilitiesThatAreOfUse() {
        Shell.Result result = doctor(without("setpcap", "sys_ptrace", "kill", "net_raw"));
        assertThat(result.status()).as(result.toString()).isZero();
        for (String name : List.of("setpcap", "sys-ptrace", "kill", "net-raw")) {
            assertThat(line(result, "capability." + name)).startsWith("warning ");
        }
        assertThat(line(result, "match.conntrack")).startsWith("ok ");
        Shell.Result legacy = doctor(without("net_raw"), "--iptables", "legacy");
        assertThat(legacy.status()).isEqualTo(1);
        assertThat(line(legacy, "match.conntrack")).startsWith("failure ");
    }

    @Test
    void nobody() throws IOException {
        // The jar has to be where anybody can read it.
        Path copy = Files.createTempFile("openshell-netns", ".jar");
        cleanup.later(() -> Files.delete(copy));
        Files.copy(Path.of(JAR), copy, StandardCopyOption.REPLACE_EXISTING);
        copy.toFile().setReadable(true, false);
        List<String> command = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + pod));
        command.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"));
        command.addAll(List.of("--bounding-set=-all", JAVA, "-jar", copy.toString(), "doctor"));
        Shell.Result result = Shell.run(command.toArray(String[]::new));
        assertThat(result.status()).as(result.toString()).isEqualTo(1);
        assertThat(result.lines().stream().filter(line -> line.startsWith("failure ")))
                .allMatch(line -> line.startsWith("failure capabilities: "));
        assertThat(line(result, "syscall.mount")).contains("not checked: ");
        assertThat(line(result, "iptables")).startsWith("ok ");
    }

    @Test
    void refusedSystemCalls() {
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        Map<String, Integer> calls = Map.of(
                "mount", arm ? 40 : 165, "setns", arm ? 268 : 308, "pidfd_send_signal", 424, "unshare", arm ? 97 : 272);
        calls.forEach((call, number) -> {
            Shell.Result result = doctor(refusing(number));
            assertThat(result.status()).as(result.toString()).isEqualTo(1);
            assertThat(line(result, "syscall." + call)).startsWith("failure ").contains(call + " is refused", "EPERM");
            assertThat(line(result, "syscall.prctl")).startsWith("ok ");
            assertThat(line(result, "seccomp")).contains("mode 2");
            assertThat(line(result, "capabilities")).startsWith("ok ");
        });
        assertThat(line(doctor(refusing(444)), "landlock"))
                .startsWith("warning ")
                .contains("landlock_create_ruleset");
    }

    @Test
    void noPath() {
        String env = Shell.must("sh", "-c", "command -v env").trim();
        Shell.Result result = doctor(List.of(env, "PATH=/nosuch"));
        assertThat(result.status()).isEqualTo(1);
        assertThat(line(result, "iptables"))
                .startsWith("failure ")
                .contains("not on PATH (/nosuch)", "iptables-nft-restore", "ip6tables-legacy-save");
        assertThat(line(result, "iptables.variant")).startsWith("failure ").contains("no iptables-restore on PATH");
        assertThat(line(result, "veth")).startsWith("ok ");
    }

    @Test
    void readOnlyProcSys() {
        Shell.Result result = mounted("mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys");
        assertThat(line(result, "proc-sys")).startsWith("warning ").contains("mount /proc/sys, read-only");
        assertThat(line(result, "sysctl")).startsWith("ok ");
        assertThat(result.status()).isZero();
        assertThat(line(mounted("mount --bind /proc/sys /proc/sys"), "proc-sys"))
                .startsWith("ok ");
    }

    @Test
    void hiddenProcesses() {
        String mount = "mount -t proc -o hidepid=2 proc /proc";
        assertThat(line(mounted(mount), "proc-hidepid")).startsWith("ok ").contains("hidepid=");
        String both = mount + "; set -- " + String.join(" ", without("sys_ptrace")) + " \"$0\" \"$@\"";
        assertThat(line(mounted(both + "; exec \"$@\""), "proc-hidepid")).startsWith("warning ");
    }

    @Test
    void names() {
        String own = "mount -t tmpfs tmpfs /run/netns";
        Shell.Result result = mounted(own + "; : > /run/netns/stale");
        assertThat(line(result, "run-netns")).startsWith("warning ").contains("not shared");
        assertThat(line(result, "run-netns.stale")).startsWith("warning ").endsWith(": /run/netns/stale");
        Shell.Result shared = mounted(own + "; mount --make-shared /run/netns");
        assertThat(line(shared, "run-netns")).startsWith("ok ");
        assertThat(line(shared, "run-netns.stale")).startsWith("ok ").contains("0 names");
        assertThat(line(mounted(own + "; mount -o remount,ro /run/netns"), "run-netns"))
                .contains("read-only");
    }

    @Test
    void aRootThatIsNoMountPoint() throws IOException {
        Path root = Files.createTempDirectory("osh-doctor-root");
        cleanup.later(() -> Files.delete(root));
        String build = "mount -t tmpfs tmpfs " + root + "; mkdir " + root + "/r; for d in /*; do "
                + "if [ -L \"$d\" ]; then cp -P \"$d\" " + root + "/r/; elif [ -d \"$d\" ]; then mkdir " + root
                + "/r$d; mount --rbind \"$d\" " + root + "/r$d; fi; done; exec chroot " + root;
        Shell.Result result = mounted(build + "/r \"$0\" \"$@\"");
        assertThat(result.status()).as(result.toString()).isEqualTo(1);
        assertThat(line(result, "root-mount")).startsWith("failure ");
        assertThat(line(result, "syscall.mount")).startsWith("failure ").contains("/ as a slave: EINVAL");
    }

    @Test
    void noNamespacesLeft() {
        Shell.Result result = doctor(List.of(
                "unshare",
                "--user",
                "--map-root-user",
                "--net",
                "sh",
                "-ec",
                "echo 0 > /proc/sys/user/max_net_namespaces; exec \"$0\" \"$@\""));
        assertThat(result.status()).as(result.toString()).isEqualTo(1);
        assertThat(line(result, "namespace-limits")).startsWith("failure ").contains("user.max_net_namespaces=0");
        assertThat(line(result, "syscall.unshare")).startsWith("failure ");
    }
}
