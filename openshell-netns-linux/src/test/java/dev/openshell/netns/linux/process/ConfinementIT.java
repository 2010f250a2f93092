package dev.openshell.netns.linux.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.openshell.netns.Landlock;
import dev.openshell.netns.linux.process.TestNamespace.Result;
import dev.openshell.netns.linux.sys.Libc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What root can't do in a process that was started here. */
@Tag("real-kernel")
@Timeout(120)
class ConfinementIT {
    private static final String READ_STATUS = "/proc/self/status";

    private TestNamespace namespace;
    private List<String> mounts;

    @BeforeEach
    void makeNamespace() throws Exception {
        mounts = mounts();
        namespace = new TestNamespace();
    }

    @AfterEach
    void nothingIsLeftOutside() throws Exception {
        namespace.close();
        assertThat(mounts()).isEqualTo(mounts);
        assertThat(TestNamespace.threadNamespaces()).hasSize(1);
    }

    @Test
    void runsInTheNamespace() throws Exception {
        assertThat(run("readlink", "/proc/self/ns/net").output()).isEqualTo("net:[" + namespace.inode() + "]\n");
        assertThat(TestNamespace.runOutside("readlink", "/proc/self/ns/net").output())
                .isNotEqualTo("net:[" + namespace.inode() + "]\n");
    }

    @Test
    void hasOnlyAllowedCapabilities() throws Exception {
        String status = run("cat", READ_STATUS).output();
        assertThat(capabilities(status, "CapInh")).isZero();
        assertThat(capabilities(status, "CapAmb")).isZero();
        for (String set : List.of("CapPrm", "CapEff", "CapBnd")) {
            assertThat(capabilities(status, set) & ~Capabilities.ALLOWED)
                    .as(set)
                    .isZero();
            assertThat(capabilities(status, set)).as(set).isNotZero();
        }
        assertThat(status).containsPattern("NoNewPrivs:\\s+1\n");
        assertThat(capabilities(Files.readString(Path.of(READ_STATUS)), "CapEff") & ~Capabilities.ALLOWED)
                .as("the JVM's own, which it keeps")
                .isNotZero();
    }

    @Test
    void hasOnlyAllowedCapabilitiesWhereTheBoundingSetCannotBeCut() throws Exception {
        String status = anotherJvm("capsh", "--drop=cap_setpcap", "--", "-c", "exec \"$@\"", "sh")
                .output();
        assertThat(capabilities(status, "CapBnd") & ~Capabilities.ALLOWED)
                .as("left, since that JVM has no CAP_SETPCAP: %s", status)
                .isNotZero();
        for (String set : List.of("CapInh", "CapPrm", "CapEff", "CapAmb")) {
            assertThat(capabilities(status, set) & ~Capabilities.ALLOWED)
                    .as(set)
                    .isZero();
        }
        assertThat(capabilities(status, "CapEff")).isNotZero();
    }

    @Test
    void mountsStayInsideAlsoWhereTheHostSharesItsOwn() throws Exception {
        String script = "mount --make-rshared / && grep -q ' / / .* shared:' /proc/self/mountinfo && \"$@\" > /dev/null"
                + " && cut -d' ' -f5 /proc/self/mountinfo";
        Result mounts = anotherJvm("unshare", "-m", "sh", "-c", script, "sh");
        assertThat(mounts.status()).as(mounts.output()).isZero();
        assertThat(mounts.output().lines()).contains("/", "/proc").doesNotContain("/proc/sys", "/proc/sysrq-trigger");
    }

    private static Result anotherJvm(String... wrapper) throws Exception {
        List<String> command = new ArrayList<>(List.of(wrapper));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        command.addAll(List.of("-cp", classPath, ShowStatus.class.getName()));
        return TestNamespace.runOutside(command.toArray(String[]::new));
    }

    /** A JVM's work: starts cat in a namespace. */
    static final class ShowStatus {
        public static void main(String[] arguments) throws Exception {
            try (TestNamespace namespace = new TestNamespace()) {
                Process cat = namespace.starter().start(new ProcessBuilder("cat", READ_STATUS).inheritIO());
                System.exit(cat.waitFor());
            }
        }
    }

    /** Each works outside, where it is tried in a namespace of its own that ends with it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ip link set lo down",
                "ip link add name osh-a type veth peer name osh-b",
                "iptables -A OUTPUT -j DROP",
                "iptables-legacy -A OUTPUT -j DROP",
                "nft add table inet t",
                "nsenter -t $PPID -n true",
                "mount -t tmpfs none /mnt",
                "unshare -n true",
                "unshare -m true",
                "chroot / nsenter --net=/proc/$PPID/ns/net true",
                "echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6",
                "echo '0 0' > /proc/sys/net/ipv4/ping_group_range",
                "p=$(cat /proc/sys/kernel/core_pattern) && echo \"$p\" > /proc/sys/kernel/core_pattern",
                "mount -o remount,bind,rw /proc/sys || umount -l /proc/sys",
                "mknod $(mktemp -u) b 7 99",
                "python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'",
                "python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)'"
            })
    void rootIsRefused(String attempt) throws Exception {
        String prepared = "mount --bind /proc/sys /proc/sys && " + attempt;
        assertThat(TestNamespace.runOutside("unshare", "-n", "-m", "sh", "-c", prepared))
                .as("outside")
                .satisfies(result ->
                        assertThat(result.status()).as(result.output()).isZero());
        assertThat(run("sh", "-c", attempt)).satisfies(result -> {
            assertThat(result.status()).as(result.output()).isNotZero();
            assertThat(result.output())
                    .containsPattern("(?i)permi|denied|not permitted|read-only|must be superuser|are you root");
        });
    }

    @Test
    void sysrqIsReadOnlyWhereTheKernelHasIt() throws Exception {
        // opened and not written: no letter is harmless on every machine
        String attempt = "exec 3> /proc/sysrq-trigger";
        boolean has = Files.exists(Path.of("/proc/sysrq-trigger"));
        assertThat(TestNamespace.runOutside("sh", "-c", attempt).status() == 0).isEqualTo(has);
        assertThat(run("sh", "-c", attempt).output().contains("Read-only")).isEqualTo(has);
    }

    @Test
    void worksOnFilesAsRoot() throws Exception {
        String work = "d=$(mktemp -d) && cd $d && touch a && mkdir b && mv a b/c && ln b/c d"
                + " && chown 12:34 d && rm -r $d";
        assertThat(run("sh", "-ec", work)).isEqualTo(new Result(0, ""));
        assertThat(run("setpriv", "--reuid=12", "--regid=34", "--clear-groups", "id", "-u")
                        .output())
                .isEqualTo("12\n");
    }

    @Test
    void filesMoveBetweenDirectoriesUnderEveryLandlock(@TempDir Path directory) throws Exception {
        int abi = LandlockProbe.probe().abi();
        for (int use : new int[] {2, 5, 6}) {
            if (use <= abi) {
                ProcessStarter starter = new ProcessStarter(
                        namespace.descriptor(), Landlock.of(Landlock.State.AVAILABLE, use), Optional.empty());
                String move = "mkdir -p x y && touch x/f && python3 -c 'import os; os.rename(\"x/f\", \"y/f\")'";
                assertThat(TestNamespace.finish(starter.start(new ProcessBuilder("sh", "-c", move)
                                .directory(directory.toFile())
                                .redirectErrorStream(true))))
                        .as("ABI %d", use)
                        .isEqualTo(new Result(0, ""));
            }
        }
    }

    @Test
    void seesNoDescriptorOfTheJvm() throws Exception {
        Path file = Files.createTempFile("openshell-netns", ".open");
        int raw = Libc.open(file.toString(), Libc.O_RDONLY, 0);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(server.isBound()).isTrue();
            assertThat(TestNamespace.descriptors()).contains(file.toString());
            assertThat(TestNamespace.descriptors()).anyMatch(target -> target.startsWith("socket:"));
            Result result = run("sh", "-c", "for n in /proc/$$/fd/*; do readlink $n; done; ls /proc/$$/fd | wc -l");
            assertThat(result.output().lines()).hasSize(4).last().isEqualTo("3");
            assertThat(result.output()).doesNotContain("socket:").doesNotContain(file.toString());
        } finally {
            Libc.close(raw);
            Files.delete(file);
        }
    }

    @Test
    void readsItsOwnResolvConf(@TempDir Path directory) throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path file = Files.writeString(directory.resolve("target"), "nameserver 203.0.113.53\n");
        Path link = Files.createSymbolicLink(directory.resolve("resolv.conf"), Path.of("target"));
        String text = "nameserver 10.43.0.10\n" + "# filler\n".repeat(2000);
        for (Path path : List.of(file, link)) {
            ProcessStarter starter =
                    new ProcessStarter(namespace.descriptor(), LandlockProbe.probe(), Optional.of(text), path);
            assertThat(TestNamespace.run(starter, "cat", path.toString())).isEqualTo(new Result(0, text));
            assertThat(TestNamespace.run(starter, "sh", "-c", "echo x >> " + path)
                            .output())
                    .containsIgnoringCase("read-only");
            assertThat(TestNamespace.run(
                            starter, "setpriv", "--reuid=12", "--clear-groups", "head", "-c10", path.toString()))
                    .as("for every user")
                    .isEqualTo(new Result(0, "nameserver"));
            assertThat(TestNamespace.run(starter, "cat", "/proc/sys/kernel/ostype")
                            .output())
                    .isEqualTo("Linux\n");
        }
        assertThat(file).hasContent("nameserver 203.0.113.53\n");
        assertThat(link).isSymbolicLink();
    }

    @Test
    void machinesResolvConfIsUntouched() throws Exception {
        Path path = Path.of("/etc/resolv.conf");
        String before = Files.readString(path);
        ProcessStarter starter = new ProcessStarter(
                namespace.descriptor(), LandlockProbe.probe(), Optional.of("nameserver 10.43.0.10\n"));
        assertThat(TestNamespace.run(starter, "cat", path.toString()).output()).isEqualTo("nameserver 10.43.0.10\n");
        assertThat(path).hasContent(before);
        assertThat(run("cat", path.toString()).output()).isEqualTo(before);
    }

    @Test
    void danglingResolvConfIsAnError(@TempDir Path directory) throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("resolv.conf"), Path.of("nowhere"));
        ProcessStarter starter =
                new ProcessStarter(namespace.descriptor(), LandlockProbe.probe(), Optional.of(""), link);
        assertThatThrownBy(() -> starter.start(new ProcessBuilder("true")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(link.toString())
                .hasMessageContaining("mend its symbolic link");
    }

    @Test
    void reachesNoProcessOfAnotherSandbox() throws Exception {
        for (boolean landlock : new boolean[] {false, true}) {
            Process victim = starter(landlock).start(new ProcessBuilder("cat"));
            try {
                for (String attempt : attempts(victim.pid())) {
                    Result result = TestNamespace.run(starter(landlock), "python3", "-c", attempt);
                    if (landlock) {
                        assertThat(result.output()).as(attempt).contains("PermissionError");
                    } else {
                        assertThat(result).as(attempt).isEqualTo(new Result(0, ""));
                    }
                }
                assertThat(victim.isAlive()).isTrue();
            } finally {
                victim.destroyForcibly();
                assertThat(victim.waitFor(60, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    private static List<String> attempts(long pid) {
        String c = "import ctypes, os\nl = ctypes.CDLL(None, use_errno=True)\n"
                + "def ok(r):\n"
                + "  if r < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))\n  return r\n"
                + "pid = " + pid + "\n";
        return List.of(
                c + "fd = os.pidfd_open(pid)\nok(l.syscall(438, fd, 0, 0))",
                c + "ok(l.ptrace(16, pid, None, None))\nos.waitpid(pid, 0x40000000)\nok(l.ptrace(17, pid, None, None))",
                c + "a = int(open(f'/proc/{pid}/maps').readline().split('-')[0], 16)\n"
                        + "b = ctypes.create_string_buffer(8)\n"
                        + "v = (ctypes.c_size_t * 2)(ctypes.addressof(b), 8)\n"
                        + "w = (ctypes.c_size_t * 2)(a, 8)\n"
                        + "ok(l.process_vm_readv(pid, v, 1, w, 1, 0))",
                c + "os.listdir(f'/proc/{pid}/root')",
                c + "os.readlink(f'/proc/{pid}/fd/0')",
                c + "open(f'/proc/{pid}/environ').read()",
                c + "os.kill(pid, 0)");
    }

    private ProcessStarter starter(boolean landlock) {
        return landlock ? namespace.starter() : namespace.starterWithoutLandlock();
    }

    private Result run(String... command) throws Exception {
        return TestNamespace.run(namespace.starter(), command);
    }

    /** Returns the mounts at the places where processes get theirs. */
    private static List<String> mounts() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                .filter(line -> line.contains(" /proc") || line.contains("resolv"))
                .toList();
    }

    private static long capabilities(String status, String set) {
        return status.lines()
                .filter(line -> line.startsWith(set + ":"))
                .mapToLong(line ->
                        Long.parseUnsignedLong(line.substring(set.length() + 1).strip(), 16))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + set + " in " + status));
    }
}
